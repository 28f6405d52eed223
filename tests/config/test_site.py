"""The whole site is what one owner registered, never a shared ending."""

import pytest

from filterd.config.site import site_of


@pytest.mark.parametrize(
    ("name", "site"),
    [
        pytest.param("www.example.com", "example.com", id="a subdomain"),
        pytest.param("a.b.example.co.uk", "example.co.uk", id="an ending of two parts"),
        pytest.param("alice.github.io", "alice.github.io", id="neighbours on a shared host"),
        pytest.param("x.alice.github.io", "alice.github.io", id="below a shared host"),
        pytest.param("www.xn--bcher-kva.de", "xn--bcher-kva.de", id="an A-label"),
        pytest.param("co.uk", "co.uk", id="an ending alone"),
        pytest.param("printer.lan", "printer.lan", id="a local name"),
        pytest.param("box.printer.lan", "box.printer.lan", id="an ending nobody registers under"),
        pytest.param("192.0.2.1", "192.0.2.1", id="an address"),
        pytest.param("filter", "filter", id="one word"),
        pytest.param("", "", id="the root"),
    ],
)
def test_the_site_of_a_name(name: str, site: str) -> None:
    assert site_of(name) == site
