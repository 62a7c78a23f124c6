"""newswire history, run in this process over an index that is made for it."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.app import app
from pipeline.corrections import amend_documents
from pipeline.errors import UsageError
from pipeline.index.document import document_json, withdrawal_json
from pipeline.model.version import Version
from pipeline.settings import read_settings
from pipeline.versions.difference import compare_forms
from pipeline.wiring import Wiring
from tests.fixtures.documents import NOON, document

HOUR = timedelta(hours=1)
URL = "https://news.example/one"


@pytest.fixture
def wiring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wiring:
    monkeypatch.setenv("NEWSWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return Wiring(read_settings({"NEWSWIRE_HOME": str(tmp_path)}))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["history", *arguments])


@pytest.fixture
def changed(wiring: Wiring) -> str:
    """Index an article that was corrected once, and return its id."""
    first = document(
        "one", headline="Eleven hurt", text="The tower fell on Monday. Eleven [sic] were hurt.", people=["Ana Ruiz"]
    )
    second = replace(
        document("one", headline="Twelve hurt", text="The tower fell. Twelve were hurt.\n\nCorrection: not eleven."),
        captured_at=NOON + HOUR,
    )
    before, after = document_json(first), document_json(second)
    version = Version(
        article_id=first.id, number=1, replaced_at=NOON + HOUR, form=before, difference=compare_forms(before, after)
    )
    wiring.store.keep_versions([version])
    wiring.store.write([second])
    return first.id


def test_a_changed_article_is_shown_word_by_word(changed: str) -> None:
    shown = run(URL).stdout
    assert "version 1 · 2026-11-23 12:00 · " in shown
    assert "version 2 · 2026-11-23 13:00 · " in shown
    assert "CORRECTED" in shown
    assert "the headline was “Eleven hurt”" in shown
    assert "no longer named: Ana Ruiz" in shown
    assert "[-fell on Monday. Eleven [sic]-]" in shown
    assert "{+fell. Twelve+}" in shown
    assert run(changed).stdout == run(f"{URL}?utm_source=letter").stdout == shown
    assert "withdrawn" not in shown


def test_colours_are_shown_to_a_terminal(changed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;32m{+fell. Twelve+}" in run(changed).stdout


def test_an_article_that_was_withdrawn_says_so(changed: str, wiring: Wiring) -> None:
    amend_documents(wiring.store, {changed: withdrawal_json(NOON)})
    assert "the page is gone since 2026-11-23 12:00" in run(URL).stdout


def test_the_history_for_machines(changed: str) -> None:
    history = json.loads(run(changed, "--json").stdout)
    [version] = history["versions"]
    assert version["version"] == 1
    assert version["difference"]["is_correction"] is True
    assert history["current"]["headline"] == "Twelve hurt"


def test_an_article_that_never_changed_has_one_version(wiring: Wiring) -> None:
    wiring.store.write([document("one")])
    assert run(URL).stdout.splitlines()[1:] == ["A headline"]


def test_what_was_never_indexed_is_refused(wiring: Wiring) -> None:
    wiring.store.prepare()
    assert isinstance(run("https://news.example/none").exception, UsageError)


def test_what_a_page_said_steers_no_terminal(wiring: Wiring) -> None:
    first = document("one", text="The tower \x1b]0;owned\x07fell.")
    second = replace(document("one", text="The tower\u202e \x9b31mstands."), captured_at=NOON + HOUR)
    before, after = document_json(first), document_json(second)
    version = Version(
        article_id=first.id, number=1, replaced_at=NOON + HOUR, form=before, difference=compare_forms(before, after)
    )
    wiring.store.keep_versions([version])
    wiring.store.write([second])
    shown = run(URL).stdout
    assert "31mstands." in shown
    assert "]0;ownedfell." in shown
    assert not any(sign in shown for sign in "\x1b\x07\x9b\u202e")
