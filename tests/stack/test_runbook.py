"""Every command of docs/operations.md, run as it stands there on the running stack, in the page's order.

Only names differ: the page's days, publisher, address and generation stand for those of this stack.
"""

import json
import re
import shlex
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from examples.press import PUBLISHER
from examples.stack import Stack
from pipeline.model.fate import Fate

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^ {4}((?:newswire|airflow) (?:.*\\\n)*.*?)(?: +#.*)?$", re.MULTILINE)
COMMANDS = [re.sub(r"\\\n\s*", "", command) for command in COMMAND.findall(PAGE)]
TODAY = datetime.now(UTC).date()
DAYS = {"2026-11-01": f"{TODAY - timedelta(days=3)}", "2026-11-07": f"{TODAY - timedelta(days=2)}"}


@pytest.fixture(scope="module", autouse=True)
def _what_the_page_is_about(stack: Stack) -> None:
    """Let there be what the page is about: a dead letter, feeds to import, and past days to backfill and to replay."""
    stack.unpause("ingest")
    stack.press.publish_link("http://192.0.2.7/report")  # a network for documentation: refused, never asked
    stack.wait_until(lambda: stack.ledger().fates.get(Fate.DEAD_LETTER), "there is a dead letter")
    stack.newswire("feeds", "export", "subscriptions.opml")
    stack.newswire("feeds", "add", former_feed(stack), "--publisher", "Former")
    for number, text in enumerate(DAYS.values(), start=1):
        day = date.fromisoformat(text)
        name = f"{day:%Y/%m}/CC-NEWS-{day:%Y%m%d}101500-00009.warc.gz"
        stack.press.write_warc(stack.warcs / name, day, range(700 + number * 10, 705 + number * 10))


def former_feed(stack: Stack) -> str:
    return f"{stack.press.origin}/former.xml"


def waiting_generation(stack: Stack) -> str:
    """Return a rebuilt generation that is not live; rebuild one where there is none."""
    for _ in range(2):
        for each in json.loads(stack.newswire("index", "status", "--json")):
            if not each["live"]:
                return str(each["generation"])
        stack.newswire("index", "rebuild")
    raise AssertionError("a rebuild leaves no generation")


def fill_in(command: str, stack: Stack) -> list[str]:
    words = [DAYS.get(word, word) for word in shlex.split(command)]
    for day, ours in DAYS.items():
        words = [word.replace(day, ours) for word in words]
    words = [former_feed(stack) if word == "https://example.org/rss.xml" else word for word in words]
    words = [PUBLISHER if word == "Harbour Courier" else word for word in words]
    if "GENERATION" in words:
        words = [waiting_generation(stack) if word == "GENERATION" else word for word in words]
    if "URL" in words:
        letters = json.loads(stack.newswire("dead-letters", "list", "--json"))
        words = [letters[0]["url"] if word == "URL" else word for word in words]
    return words


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) > 30
    for subject in ("unpause", "backfill create", "dags trigger replay", "index promote", "maintain", "dead-letters"):
        assert any(subject in command for command in COMMANDS), subject


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs(command: str, stack: Stack) -> None:
    program, *arguments = fill_in(command, stack)
    stack.run(program, *arguments)
