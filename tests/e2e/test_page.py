"""A guardian with a phone: set up, close a site for one child, ask by DNS, undo, ask again.

The page is driven in a real browser without JavaScript at the width of a phone; every change is
checked by asking the DNS server, not by believing the page.
"""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from running import House, make_house, wait_until

from filterd.service.control import ask_dns
from filterd.service.core import CORE

SANA, ALI = "127.0.0.11", "127.0.0.12"
PHONE = {"width": 390, "height": 844}
BLOCKED = ["0.0.0.0"]
ANSWERS = {
    "native": "Queries are answered by the compiled core.",
    "python": "Queries are answered by Python alone: slower, but complete.",
}
PATHS = ("/", "/children/sana", "/children/sana/times/new", "/add-child", "/devices/", "/asked/",
         "/lists/", "/why/", "/changes/")  # fmt: skip


@pytest.fixture(scope="module")
def browser(need_tool: Callable[[str], str]) -> Iterator[Browser]:
    chromium = need_tool("chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def house(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = make_house(tmp_path_factory.mktemp("page"), upstream)
    house.start()
    yield house
    house.stop()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, house: House) -> dict[str, str]:
    """Set the page up as its first guardian; returns the browser's stored cookies."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(house.page)
    page.fill("#code", house.setup_code())
    page.fill("#name", "Amina")
    page.fill("#password", "three words here")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Sana")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser: Browser, house: House, signed_in: dict[str, str]) -> Iterator[Page]:
    context = browser.new_context(
        viewport=PHONE, java_script_enabled=False, storage_state=signed_in, base_url=house.page
    )
    opened = context.new_page()
    opened.goto("/")
    yield opened
    context.close()


def close_site(page: Page, site: str) -> None:
    page.goto("/children/sana")
    page.fill("#site", site)
    page.get_by_role("button", name="Close it").click()


def test_a_site_closed_for_one_child_is_closed_for_her_alone_until_undone(
    page: Page, house: House
) -> None:
    assert house.addresses("play.games.example", source=SANA) == ["192.0.2.21"]
    started = time.monotonic()
    close_site(page, "https://games.example/level?number=1")
    assert house.addresses("games.example", source=SANA) == BLOCKED
    assert house.addresses("play.games.example", source=SANA) == BLOCKED
    assert time.monotonic() - started < 10, "the browser, the tap and both answers"
    assert house.addresses("play.games.example", source=ALI) == ["192.0.2.21"]
    page.goto("/changes/")
    page.get_by_role("button", name="Undo the last change").click()
    assert house.addresses("play.games.example", source=SANA) == ["192.0.2.21"]


def test_the_internet_is_stopped_in_two_taps_and_given_back_in_one(
    page: Page, house: House
) -> None:
    card = page.locator("article", has=page.get_by_role("heading", name="Sana"))
    card.get_by_text("Stop the internet").click()
    card.get_by_role("button").first.click()
    assert house.addresses("school.example", source=SANA) == BLOCKED
    assert house.addresses("school.example", source=ALI) == ["192.0.2.10"]
    page.get_by_role("button", name="Give back now").click()
    assert house.addresses("school.example", source=SANA) == ["192.0.2.10"]


def test_a_new_device_is_claimed_for_a_child(page: Page, house: House) -> None:
    house.ask("wiki.example", source="127.0.0.77")

    def is_listed() -> bool:
        page.goto("/devices/")
        return page.get_by_text("127.0.0.77").count() > 0

    wait_until(is_listed)
    close_site(page, "wiki.example")
    page.goto("/devices/")
    stranger = page.locator("li", has=page.get_by_text("127.0.0.77"))
    stranger.get_by_text("This is the device of").click()
    stranger.get_by_role("button", name="Ali").click()
    assert house.addresses("wiki.example", source="127.0.0.77") == ["192.0.2.30"]
    assert house.addresses("wiki.example", source=SANA) == BLOCKED


def test_the_log_says_what_a_device_asked_for_and_why_it_was_stopped(
    page: Page, house: House
) -> None:
    house.ask("www.ome.tv", source=SANA)

    def is_logged() -> bool:
        page.goto("/asked/")
        return page.get_by_text("www.ome.tv").count() > 0

    wait_until(is_logged)
    assert "visited" not in page.inner_text("body")
    page.locator("li", has=page.get_by_text("www.ome.tv")).get_by_role("link").first.click()
    told = page.inner_text("main")
    assert "ome.tv" in told
    assert "Sana" in told


def test_a_window_is_in_force_as_soon_as_it_is_saved_and_gone_when_removed(
    page: Page, house: House
) -> None:
    assert house.addresses("alias.example", source=ALI) == ["192.0.2.20"]
    page.goto("/children/ali/times/new")
    page.fill("#name", "No games")
    for day in page.locator("input[name=days]").all():
        day.check()
    page.locator("input[name=times][value=day]").check()
    page.locator("input[name=mode][value=block]").check()
    page.fill("#names", "games.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#windows").get_by_text("No games")).to_be_visible()
    assert house.addresses("alias.example", source=ALI) == BLOCKED, "its CNAME is closed"
    assert house.addresses("alias.example", source=SANA) == ["192.0.2.20"]
    page.goto("/children/ali")
    page.get_by_role("link", name="Change No games").click()
    page.get_by_role("button", name="Remove this time").click()
    assert house.addresses("alias.example", source=ALI) == ["192.0.2.20"]


def test_the_page_says_who_answers_as_the_dns_process_does(page: Page, house: House) -> None:
    status = ask_dns(house.folder / "state" / "control.sock", "status")
    assert status is not None
    assert status["core"] == CORE
    page.goto("/lists/")
    expect(page.get_by_text("Queries are answered by")).to_have_text(ANSWERS[CORE])


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize(("code", "direction"), [("en", "ltr"), ("ur", "rtl")])
def test_every_page_fits_a_phone_in_both_directions(
    page: Page, width: int, code: str, direction: str
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.get_by_role("button", name="اردو" if code == "ur" else "English").first.click()
    try:
        for path in PATHS:
            reply = page.goto(path)
            assert reply is not None
            assert reply.status == 200, path
            root = page.locator("html")
            assert root.get_attribute("dir") == direction
            assert root.get_attribute("lang") == code
            assert overflow(page) == 0, path
    finally:
        page.goto("/")
        page.get_by_role("button", name="English").first.click()


def overflow(page: Page) -> int:
    """How many pixels can be scrolled sideways: the widest element against the window."""
    box = page.locator("body").bounding_box()
    assert box is not None
    widest = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, int(widest))
