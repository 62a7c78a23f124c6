"""In a real browser, whose Content Security Policy is switched off, no word of a hostile article, feed or search runs."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from examples.ports import free_port
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.documents import FixedClock
from tests.fixtures.hostile_articles import PAYLOADS, fill_stores

RUN = "globalThis.canary = () => { globalThis.hasSung = true }"
#: Puts an image with a handler into the page and waits until it has failed, here: the policy forbids Playwright's own waiting.
SMUGGLE = """() => new Promise(done => {
    const main = document.querySelector('main')
    main.addEventListener('error', done, {capture: true})
    main.innerHTML = '<img src=/x onerror=canary()>'
})"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Serve stores full of hostile words; give the address and the paths of all pages."""
    home = tmp_path_factory.mktemp("hostile")
    with closing(Wiring(read_settings({"NEWSWIRE_HOME": str(home)}))) as wiring:
        wiring.clock = FixedClock()
        wiring.store.prepare()
        # All at once, so that each kind of page is opened a few times alone.
        paths = fill_stores(wiring.store, wiring.ledger, (" ".join(PAYLOADS), " ".join(reversed(PAYLOADS))))
    port = free_port()
    command = [str(Path(sys.executable).with_name("newswire")), "serve", f"--port={port}"]
    with subprocess.Popen(command, env={"NEWSWIRE_HOME": str(home)}, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            assert any("running on" in line for line in server.stderr)
            yield f"http://127.0.0.1:{port}", paths
        finally:
            server.terminate()


def test_the_canary_sings_where_markup_gets_through(chromium: Browser) -> None:
    with chromium.new_context(bypass_csp=True) as context:
        context.add_init_script(RUN)
        page = context.new_page()
        page.set_content("<p>A headline <img src=x onerror=canary()></p>")
        page.wait_for_function("globalThis.hasSung === true")


def test_no_hostile_word_runs_or_calls_on_any_page(site: tuple[str, tuple[str, ...]], chromium: Browser) -> None:
    address, paths = site
    called, opened = list[str](), list[str]()
    with chromium.new_context(base_url=address, bypass_csp=True) as context:
        context.add_init_script(RUN)
        page = context.new_page()
        page.on("request", lambda request: called.append(request.url) if not request.url.startswith(address) else None)
        page.on("dialog", lambda dialog: opened.append(dialog.message))
        for path in paths:
            page.goto(path)
            page.evaluate(
                "document.querySelectorAll('main *').forEach(each => each.dispatchEvent(new Event('mouseover')))"
            )
            assert page.evaluate("globalThis.hasSung === undefined"), path
            assert page.url.startswith(address)
    assert called == opened == []


def test_the_policy_stops_what_would_get_through(site: tuple[str, tuple[str, ...]], chromium: Browser) -> None:
    address, _ = site
    with chromium.new_context(base_url=address) as context:
        context.add_init_script(RUN)
        page = context.new_page()
        complaints = list[str]()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto("/")
        page.evaluate(SMUGGLE)
        assert page.evaluate("globalThis.hasSung === undefined")
        assert any("Content Security Policy" in each for each in complaints)
