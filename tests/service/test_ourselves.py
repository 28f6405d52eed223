"""A house is never its own upstream, and its worker does not wait for the house."""

from pathlib import Path

import pytest

from filterd.config.document import Document
from filterd.errors import UpstreamError
from filterd.resolve.upstreams import Upstream
from filterd.service import ourselves
from filterd.service.ourselves import resolve_by, upstreams_of

OURS = [("127.0.0.1", 53)]


@pytest.fixture
def resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write what this machine's resolv.conf, and the one behind a stub, say."""

    def write(text: str, behind: str = "") -> None:
        (tmp_path / "resolv.conf").write_text(text)
        (tmp_path / "behind.conf").write_text(behind)

    monkeypatch.setattr(ourselves, "RESOLV_CONF", tmp_path / "resolv.conf")
    monkeypatch.setattr(ourselves, "BEHIND_STUB", tmp_path / "behind.conf")
    return write


def with_upstreams(document: Document, *upstreams: str) -> Document:
    return document.model_copy(update={"upstreams": upstreams})


@pytest.mark.parametrize(
    ("text", "behind", "endpoints", "is_needed"),
    [
        pytest.param("nameserver 192.0.2.1", "", OURS, False, id="the router"),
        pytest.param("nameserver 127.0.0.1", "", OURS, True, id="ourselves"),
        pytest.param("nameserver 127.0.0.1", "", [("127.0.0.1", 5300)], False, id="another port"),
        pytest.param("nameserver 127.0.0.1", "", [("0.0.0.0", 53)], True, id="every address"),
        pytest.param("nameserver 192.0.2.1\nnameserver 127.0.0.1", "", OURS, True, id="second"),
        pytest.param("nameserver 127.0.0.53", "nameserver 127.0.0.1", OURS, True, id="by a stub"),
        pytest.param("nameserver 127.0.0.53", "nameserver 192.0.2.1", OURS, False, id="a stub"),
        pytest.param("", "", OURS, False, id="nothing is known"),
    ],
)
def test_upstreams_are_asked_only_where_the_system_would_ask_us(
    resolv_conf, document, text, behind, endpoints, is_needed
) -> None:
    resolv_conf(text, behind)
    assert (resolve_by(document, endpoints) is not None) is is_needed


def test_a_house_that_has_nobody_to_ask_says_what_to_write(resolv_conf, document) -> None:
    resolv_conf("nameserver 127.0.0.1")
    document = with_upstreams(document, "system")
    assert upstreams_of(document, OURS) == ()
    resolve = resolve_by(document, OURS)
    assert resolve is not None
    with pytest.raises(UpstreamError, match="upstreams:"):
        resolve("lists.example")


def test_the_policys_upstreams_are_those_of_the_house(resolv_conf, document) -> None:
    resolv_conf("nameserver 192.0.2.1\nnameserver 127.0.0.1")
    document = with_upstreams(document, "192.0.2.53", "system")
    wanted = (Upstream("192.0.2.53"), Upstream("192.0.2.1"))
    assert upstreams_of(document, OURS) == wanted
    assert resolve_by(document, OURS).keywords["upstreams"] == wanted
