"""The table's ratios are taken within a round, and what was not measured is not made up."""

import pytest
from report import Row, number, ratios, spread, table, verdict


def row(**seen: list[float]) -> Row:
    return Row("cached", "answers/s", "≥ 2 × dnsmasq", seen)


def test_a_ratio_is_taken_within_a_round_and_only_then_its_median():
    # The second round was a slow one for both: of the medians alone the ratio would be 3.
    both = row(filterd=[300.0, 30.0, 310.0], dnsmasq=[100.0, 15.0, 100.0])
    assert ratios(both, "dnsmasq") == [3.0, 2.0, 3.1]
    assert "| 3.00 (2.00–3.10) |" in table([both])


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        pytest.param([], "–", id="nothing was measured"),
        pytest.param([0.0], "0", id="one figure"),
        pytest.param([2.0, 2.0], "2.00", id="no spread"),
        pytest.param([1.0, 3.0, 2.0], "2.00 (1.00–3.00)", id="a median with its spread"),
    ],
)
def test_a_figure_comes_with_its_spread(figures, said):
    assert spread(figures) == said


@pytest.mark.parametrize(
    ("figure", "said"),
    [(298_412.3, "298,412"), (12.84, "12.8"), (1.234, "1.23"), (0.0345, "0.035"), (0.0, "0")],
)
def test_a_figure_has_the_digits_that_count(figure, said):
    assert number(figure) == said


def test_a_server_that_is_not_installed_leaves_dashes():
    cells = table([row(filterd=[1.0, 2.0])]).splitlines()[-1].split(" | ")
    assert cells == ["| cached, answers/s", "1.50 (1.00–2.00)", *["–"] * 6, "≥ 2 × dnsmasq", "– |"]


@pytest.mark.parametrize(
    ("reach", "seen", "said"),
    [
        pytest.param("≤ 1.5", {"filterd": [1.0, 9.0, 1.5]}, "yes", id="the median keeps it"),
        pytest.param("≤ 1.5", {"filterd": [1.0, 9.0, 1.6]}, "no", id="the median does not"),
        pytest.param("≥ 100,000", {"filterd": [99_999.0]}, "no", id="a figure of thousands"),
        pytest.param("0", {"filterd": [0.0, 0.0]}, "yes", id="none at all"),
        pytest.param("0", {"filterd": [0.0, 1.0, 1.0]}, "no", id="one is not none"),
        pytest.param(
            "≤ .25 × dnsmasq", {"filterd": [2.0], "dnsmasq": [8.0]}, "yes", id="beside a peer"
        ),
        pytest.param(
            "≥ .9 × limit, ≥ 2 × dnsmasq, ≥ 2 × unbound",
            {"filterd": [9.0], "limit": [10.0], "dnsmasq": [5.0], "unbound": [6.0]},
            "no: ≥ 2 × dnsmasq, ≥ 2 × unbound",
            id="some of three are missed, and named",
        ),
        pytest.param(
            "≥ 2 × dnsmasq, ≥ 2 × unbound",
            {"filterd": [9.0], "unbound": [3.0]},
            "–",
            id="no verdict without a peer, whatever the other says",
        ),
        pytest.param(
            "≥ 2 × dnsmasq, ≥ 2 × unbound",
            {"filterd": [9.0], "unbound": [6.0]},
            "no: ≥ 2 × unbound",
            id="what was missed was missed, also where a peer is not installed",
        ),
        pytest.param("≤ 1.5", {"dnsmasq": [1.0]}, "–", id="ours was not measured"),
        pytest.param("", {"filterd": [1.0]}, "–", id="nothing is to be reached"),
    ],
)
def test_a_row_says_whether_it_is_reached_as_far_as_it_was_measured(reach, seen, said):
    one = Row("cached", "answers/s", reach, seen)
    assert verdict(one) == said
    assert table([one]).endswith(f"| {said} |")


@pytest.mark.parametrize(
    "reach", ["fast", "≥ 2 × each", "2", "≤ 1 s", "≥ 2 × dnsmasq; ≥ 1 × unbound", "≤ 1.5 × bind"]
)
def test_what_cannot_be_measured_is_no_reach(reach):
    with pytest.raises(ValueError, match="to reach"):
        Row("cached", "answers/s", reach)
