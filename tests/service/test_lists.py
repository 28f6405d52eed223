"""Lists become an index in place; what is wrong with one is said and harms no other."""

from filterd.config.document import Document, ListSource
from filterd.service.current import CurrentPolicy, index_key
from filterd.service.lists import compile_lists, fetch_lists, read_list
from filterd.service.manifest import load_manifest, recipe_of
from filterd.wire.query import Question


def with_lists(document: Document, **lists: dict[str, str]) -> Document:
    return Document.model_validate({**document.model_dump(), "lists": lists})


def is_blocked(layout, now, name: str) -> bool:
    policy = CurrentPolicy(layout).refresh(now)
    client = policy.client("192.0.2.7", None)
    return policy.table(client.subject, now).decide(Question(name, 1, 1)).is_block


def test_a_list_of_ones_own_is_in_force_once_compiled(layout, document, store, now) -> None:
    (layout.base / "mine.txt").write_text("casino.example\n")
    manifest = compile_lists(layout, document, index_key(layout))
    assert [(state.id, state.ok, state.names) for state in manifest.lists] == [("mine", True, 1)]
    assert manifest == load_manifest(layout.manifest)
    assert is_blocked(layout, now, "www.casino.example")
    assert not is_blocked(layout, now, "notcasino.example")


def test_a_bad_list_is_named_and_the_others_are_in_force(layout, document, store, now) -> None:
    (layout.base / "mine.txt").write_text("casino.example\n")
    (layout.base / "page.txt").write_text("<!DOCTYPE html><html><body>gone</body></html>")
    document = with_lists(
        document,
        gone={"category": "games", "file": "gone.txt"},
        page={"category": "games", "file": "page.txt"},
        mine={"category": "games", "file": "mine.txt", "match": "subdomains"},
    )
    store.save(document, based_on=1, author="t", reason="t", now=now)
    manifest = compile_lists(layout, document, index_key(layout))
    assert {state.id: state.ok for state in manifest.lists} == {
        "gone": False,
        "page": False,
        "mine": True,
    }
    assert all(bool(state.what) is not state.ok for state in manifest.lists)
    assert is_blocked(layout, now, "casino.example")


def test_a_bundled_list_is_found_without_a_folder_of_that_name(layout) -> None:
    listed = ListSource(category="adult", file="blocklists/adult.txt")
    assert b"# Category: adult" in read_list(layout, "adult", listed)


def test_a_file_beside_the_configuration_goes_before_the_bundled_one(layout) -> None:
    (layout.base / "blocklists").mkdir()
    (layout.base / "blocklists" / "adult.txt").write_text("mine.example\n")
    listed = ListSource(category="adult", file="blocklists/adult.txt")
    assert read_list(layout, "adult", listed) == b"mine.example\n"


def test_a_subscribed_list_is_fetched_once_and_then_only_asked_for(
    layout, document, list_server
) -> None:
    document = with_lists(document, web={"category": "gambling", "url": list_server.url})
    assert fetch_lists(layout, document)
    assert not fetch_lists(layout, document)
    assert list_server.headers[1]["If-None-Match"] == '"one"'
    assert load_manifest(layout.manifest).state_of("web").what == ""


def test_the_last_good_copy_stays_when_the_server_sends_an_error_page(
    layout, document, list_server
) -> None:
    document = with_lists(document, web={"category": "gambling", "url": list_server.url})
    fetch_lists(layout, document)
    compile_lists(layout, document, index_key(layout))
    list_server.etag, list_server.body = '"two"', b"<html><body>we moved</body></html>"
    assert not fetch_lists(layout, document)
    state = load_manifest(layout.manifest).state_of("web")
    assert state.ok
    assert "last good copy" in state.what
    assert compile_lists(layout, document, index_key(layout)).state_of("web").names == 2


def test_a_list_that_was_never_fetched_says_so(layout, document, list_server) -> None:
    list_server.status = 503
    document = with_lists(document, web={"category": "gambling", "url": list_server.url})
    assert not fetch_lists(layout, document)
    assert "503" in load_manifest(layout.manifest).state_of("web").what
    assert not compile_lists(layout, document, index_key(layout)).state_of("web").ok


def test_the_recipe_changes_with_the_lists_and_with_nothing_else(document) -> None:
    renamed = Document.model_validate({**document.model_dump(), "zone": "Europe/Berlin"})
    assert recipe_of(renamed) == recipe_of(document)
    other = with_lists(document, mine={"category": "games", "file": "other.txt"})
    assert recipe_of(other) != recipe_of(document)
    moved = with_lists(
        document, mine={"category": "social", "file": "mine.txt", "match": "subdomains"}
    )
    assert recipe_of(moved) == recipe_of(document), "a category lives in policy, not in the index"
