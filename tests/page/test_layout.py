"""The pages as a phone shows them: nothing to scroll sideways, nothing clipped, all easy to tap.

Measured in a real browser on the narrowest screen there is (320 px; also a wide one at 400 %).
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from waitress import create_server

from admin_ui import HeldList, ListState, create_app
from admin_ui.language import LOCALES
from filterd.config.document import parse_document
from filterd.config.subscribing import use_entry

PATHS = (
    "/",
    "/children/sana",
    "/add-child",
    "/children/sana/times/new",
    "/devices/",
    "/asked/",
    "/why/row/1",
    "/why/?site=adult.example&who=child:sana",
    "/changes/",
    "/lists/",
    "/more-lists/adult",
    "/more-lists/bypass",
    "/nowhere",
)
LONG = "a-very-long-name-of-a-content-network.region-eu-central-1.edge.delivery.example"

# Everything folded is opened first, so that it is measured too.
MEASURE = """() => {
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    const shown = (each) => each.offsetParent !== null && !each.closest(".hidden, .skip");
    const all = (what) => [...document.querySelectorAll(what)].filter(shown);
    const name = (each) => `${each.tagName} ${each.className} ${each.textContent.trim().slice(0, 30)}`;
    const boxes = "button, .button, label, p, h1, h2, h3, li, dt, dd, .tag, .tile, nav a";
    const taps = "button, .button, summary, select, textarea, .tile, nav a, a.row, .brand, "
        + "input:not([type=hidden], [type=radio], [type=checkbox])";
    const lines = all("h1, h2, p, .button, .tile b, nav span");
    return {
        sideways: document.documentElement.scrollWidth - innerWidth,
        clipped: all(boxes).filter((each) => each.scrollWidth > each.clientWidth + 1
            && getComputedStyle(each).display !== "inline").map(name),
        small: all(taps).filter((each) => each.getBoundingClientRect().height < 47.5).map(name),
        tight: lines.filter((each) => {
            const style = getComputedStyle(each);
            return /[\\u0600-\\u06ff]/.test(each.textContent) && style.fontFamily.includes("Nastaliq")
                && !style.fontFamily.startsWith('"Noto Naskh')
                && parseFloat(style.lineHeight) / parseFloat(style.fontSize) < 2;
        }).map(name),
    };
}"""


@pytest.fixture(scope="module")
def chromium(need_tool: Callable[[str], str]) -> Iterator[Any]:
    path = need_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def subscribe(home: Any) -> None:
    """Use offered lists, one of each state, and close topics that have none."""
    offers = ("hagezi-nsfw", "oisd-nsfw", "stevenblack-porn", "nextdns-encrypted-dns")
    document = home.current().document
    for offer in offers:
        document = use_entry(document, offer, home.catalogue[offer])
    data = document.model_dump()
    data["profiles"]["sana"]["blocked_categories"] = ["adult", "drugs", "self-harm"]
    changed = parse_document(data)
    home.policies.save(changed, based_on=1, author="x", reason=LONG, now=home.now)
    missing = ListState("", "adult", ok=False, names=0, problem="not downloaded yet")
    home.states += (
        ListState(offers[0], "adult", ok=True, names=2_345_678, closes=(LONG,) * 9),
        replace(missing, id=offers[1], trouble=f"https://{LONG}/: the server answered 503"),
        replace(missing, id=offers[2], held=home.states[0].held),
    )


@pytest.fixture
def address(home: Any, stranger: Any) -> Iterator[str]:
    """The page of a busy house, served on loopback."""
    del stranger  # a guardian is there
    home.asked(LONG, action="block", reason="own-block", matched=LONG)
    home.asked(LONG, "2001:db8:85a3:1234:5678:8a2e:370:7334", "da:a1:19:00:11:22")
    home.status = {"index_problem": "/var/lib/filterd/lists.index: damaged", "log_problem": "full"}
    home.starter_differs = True
    held = HeldList(f"it would newly close {LONG}, which nobody should close", 1_234_567, home.now)
    home.states = tuple(
        replace(each, names=2_345_678, trouble=f"https://{LONG}/", left_out=12_345, held=held)
        for each in home.states
    )
    subscribe(home)
    server = create_server(create_app(home.build()), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


@pytest.fixture(params=LOCALES)
def phone(request: Any, chromium: Any, address: str, home: Any) -> Iterator[Page]:
    """The narrowest phone there is, signed in, in each language."""
    expires = home.now + timedelta(days=1)
    data = json.dumps({"language": request.param})
    token = home.guardians.sessions.start("amna", now=home.now, expires=expires, data=data)
    context = chromium.new_context(viewport={"width": 320, "height": 640}, base_url=address)
    context.add_cookies([{"name": "filterd", "value": token, "url": address}])
    yield context.new_page()
    context.close()


def test_every_page_fits_a_small_phone(phone: Page, request: Any) -> None:
    said: list[str] = []
    phone.on("console", lambda message: said.append(message.text))
    for path in PATHS:
        phone.goto(path)
        assert phone.evaluate("document.documentElement.lang") in request.node.name
        found = phone.evaluate(MEASURE)
        assert found == {"sideways": 0, "clipped": [], "small": [], "tight": []}, path
    assert [text for text in said if "404" not in text] == []  # the content policy held
