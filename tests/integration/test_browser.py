"""The page in a real browser: readable by all, by keyboard alone, on a phone, without JavaScript; nothing from elsewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from examples.ports import free_port
from tests.fixtures.alerts import HOUR, an_alert
from tests.fixtures.documents import NOON, document
from tests.fixtures.ingested import open_home

#: What is looked at; ``{article}`` is one that names people and has quotes, ``{entity}`` one of these people, ``{like}`` a search
#: for what is like it, ``{story}`` what most articles tell.
PATHS = (
    *(
        "/",
        "/?q=Tehran",
        "/?q=Tehran&reprints=folded",
        "/?q=zebra",
        "/{article}",
        "/{article}/history",
        "/{entity}",
        "/{like}",
    ),
    *("/stories", "/{story}", "/feeds", "/ledger", "/searches", "/searches/visits", "/searches?q=a&near=1,1,1"),
    *("/?near=52.5,30,800", "/?sort=upwards", "/nowhere"),
)
#: What the first article leads to.
LINKS = {"/{entity}": ".names a", "/{like}": "a[href*='?like=']"}
#: Without a place to break it.
WEBHOOK = f"https://hooks.example/{'abcdefgh' * 30}"
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def site(first_pass: Path) -> Iterator[str]:
    """Serve the stores of one pass over the newsroom; give the address."""
    newswire = str(Path(sys.executable).with_name("newswire"))
    environ = {"NEWSWIRE_HOME": str(first_pass / "home")}
    saved = [newswire, "searches", "add", "visits", "raisi", f"--webhook={WEBHOOK}"]
    subprocess.run(saved, env=environ, check=True, capture_output=True)
    with closing(open_home(first_pass / "home")) as wiring:
        alerts = wiring.ledger.alerts
        alerts.note_alerts([an_alert(search="visits")], {})
        [sent] = alerts.due_deliveries(NOON, limit=1, lease=HOUR)
        alerts.save_deliveries([replace(sent, attempts=1, detail=f"{WEBHOOK} does not answer")])
    with serve(first_pass / "home") as address:
        yield address


@contextmanager
def serve(home: Path) -> Iterator[str]:
    """Serve the stores of the home; give the address."""
    port, newswire = free_port(), str(Path(sys.executable).with_name("newswire"))
    command, environ = [newswire, "serve", f"--port={port}"], {"NEWSWIRE_HOME": str(home)}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            assert any("running on" in line for line in server.stderr)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture
def page(site: str, chromium: Browser) -> Iterator[Page]:
    """Give a page that fails the test where it asks another site, or where the browser complains."""
    context = chromium.new_context(base_url=site, viewport=DESK)
    page = context.new_page()
    complaints = list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith(site) else complaints.append(request.url))
    yield page
    context.close()
    # The browser calls an answer of 400 or 404 an error, too; those pages are asked for on purpose.
    assert [each for each in complaints if "Failed to load resource" not in each] == []


def address(page: Page, path: str) -> str:
    """Return the path: of the first article that a search finds, of the first name in it, or of the first story."""
    if "{" not in path:
        return path
    page.goto("/stories" if "story" in path else "/?q=Tehran")
    first = page.locator(".hits h2 a").first.get_attribute("href") or ""
    if path not in LINKS:
        return re.sub(r"/{\w+}", first, path)
    page.goto(first)
    return page.locator(LINKS[path]).first.get_attribute("href") or ""


@pytest.mark.parametrize("path", PATHS)
def test_a_page_shuts_nobody_out_and_fits_a_phone(page: Page, path: str) -> None:
    page.goto(address(page, path))
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_bar_and_a_spot_lead_into_their_searches(page: Page) -> None:
    page.goto("/")
    bars = page.locator(".times svg a")
    said = bars.last.locator("title").text_content() or ""
    assert re.fullmatch(r"\d+ November 2026: 1 article", said)
    bars.last.click()
    expect(page.locator("#total")).to_have_text("1 article")
    expect(page.locator(".chosen li")).to_have_count(2)
    page.goto("/")
    page.locator(".map svg a", has_text="Tehran").click()
    expect(page.locator(".chosen li")).to_contain_text("Area of Tehran")
    expect(page.locator(".hits")).to_contain_text("Tehran")
    assert page.locator(".map .ground").evaluate("ground => getComputedStyle(ground).strokeLinecap") == "round"


def test_drawings_are_no_stops_of_the_keyboard_but_their_tables_are(page: Page) -> None:
    page.goto("/")
    stops = page.locator(".times a:not([tabindex='-1']), .map a:not([tabindex='-1'])")
    assert not any(stop.is_visible() for stop in stops.all())
    page.locator(".times summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.times table') !== null")
    page.keyboard.press("Enter")
    expect(page.locator(".chosen li")).to_have_count(2)


def test_a_search_is_saved_and_its_mistakes_are_said(page: Page) -> None:
    page.goto("/?q=Tehran&language=en")
    page.get_by_role("link", name="Save this search").click()
    expect(page.get_by_label("Finds")).to_have_value("Tehran")
    page.get_by_label("Name", exact=True).fill("tehran")
    page.get_by_label("Near").last.fill("here")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("near is 'here'")
    page.get_by_label("Near").last.fill("")
    page.get_by_label("Webhooks").fill("https://hooks.example/tehran")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("whsec_")
    page.get_by_role("button", name="Remove https://hooks.example/tehran").click()
    expect(page.locator("main")).to_contain_text("Alerts are sent nowhere")
    page.goto("/searches")
    page.get_by_role("button", name="Remove tehran").click()
    expect(page.locator("h1")).to_have_text("1 saved search")


def test_a_search_needs_no_mouse_and_shows_where_the_keyboard_is(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.goto("/")
    for _ in range(3):  # past the way to the content and the name
        page.keyboard.press("Tab")
    expect(page.locator("#q")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid" in outline
    assert "3px" in outline
    page.keyboard.type("Tehran")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Tehran – Newswire")
    first = page.locator(".hits h2 a").first
    for _ in range(60):
        if first.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    headline = first.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("article h1")).to_have_text(headline)


def test_more_hits_come_in_their_place(page: Page) -> None:
    page.goto("/?limit=10")
    page.evaluate("document.body.dataset.stays = 'yes'")
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".hits > li")).to_have_count(25)
    expect(page.locator(".hits > li:nth-child(11) h2 a")).to_be_focused()
    expect(page.locator(".more")).to_have_count(0)
    assert page.evaluate("document.body.dataset.stays") == "yes"
    page.reload()
    expect(page.locator(".hits > li")).to_have_count(25)


def test_more_hits_are_none_twice_where_articles_came_in_meanwhile(tmp_path: Path, chromium: Browser) -> None:
    with closing(open_home(tmp_path)) as wiring, serve(tmp_path) as address:
        wiring.store.prepare()
        written = [document(f"n{at}", headline=f"H{at}", published=NOON + timedelta(hours=at)) for at in range(45)]
        assert wiring.store.write(written[:40]) == ()
        with chromium.new_context(base_url=address) as context:
            page = context.new_page()
            page.goto("/?sort=newest")
            hits = page.locator(".hits > li")
            expect(hits).to_have_count(20)
            assert wiring.store.write(written[40:]) == ()
            page.get_by_role("link", name="Show more").click()
            expect(page.locator(".more span")).to_have_text("40 of 45")
            expect(page.locator(".hits > li:nth-child(21) h2 a")).to_be_focused()
            shown = page.locator(".hits h2 a").all_inner_texts()
            assert sorted(shown) == sorted(f"H{at}" for at in range(5, 45))
            assert [hit.get_attribute("id") for hit in hits.all()] == [f"hit-{at + 1}" for at in range(40)]
            page.get_by_role("link", name="Show more").click()
            expect(hits).to_have_count(45)
            expect(page.locator(".more")).to_have_count(0)


def test_without_javascript_everything_is_there(site: str, chromium: Browser) -> None:
    with chromium.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/")
        page.locator("#q").fill("Tehran")
        page.locator(".search button").click()
        expect(page).to_have_url(f"{site}/?q=Tehran")
        page.locator(".facets a").first.click()
        assert len(urlsplit(page.url).query.split("&")) == 2
        for name, heading in (("Feeds", "feed"), ("Ledger", "URLs seen")):
            page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
            expect(page.locator("main h1")).to_contain_text(heading)
