"""newswire searches and alerts, as their user meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.alerts.signing import make_secret
from pipeline.cli.app import app
from pipeline.errors import UsageError
from pipeline.settings import read_settings
from pipeline.wiring import Wiring
from tests.fixtures.alerts import an_alert, as_indexed
from tests.fixtures.command import Newswire
from tests.fixtures.documents import MINSK, document

HARVEST = document(
    "one", text="It rained. The harvest began. It ended.", people=["Ebrahim Raisi"], places=[("Minsk", MINSK)]
)


@pytest.fixture
def wiring(newswire: Newswire) -> Wiring:
    wiring = Wiring(read_settings(newswire.environ))
    wiring.store.prepare()
    return wiring


def test_a_search_is_saved_tried_and_told_of(newswire: Newswire, wiring: Wiring) -> None:
    dead = "http://127.0.0.1:9/hook"  # the discard port: nothing listens there
    add = ("searches", "add", "harvests", "harvest", "--when", "any", "--when", "first", "--webhook", dead)
    assert "127.0.0.1 is no public address" in newswire(*add, expect=2).stderr
    loopback = {"NEWSWIRE_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    said = newswire(*add, environ=loopback).stdout
    assert "harvests is saved; of the articles that are indexed already, 0 match" in said
    assert f"webhook {dead}, signed with whsec_" in said
    wiring.store.write([HARVEST])
    wiring.ledger.settle([], [as_indexed(HARVEST)])
    newswire("searches", "add", "known", "harvest", "--when", "first")  # the index holds it: no first is to come
    counts = json.loads(newswire("alerts", "run", "--json", environ=loopback).stdout)
    assert counts == {"documents": 1, "noticed": 2, "failed": 1}
    alerts = json.loads(newswire("alerts", "list", "--search", "harvests", "--json").stdout)
    assert {(each["condition"], each["document"]["sentence"]) for each in alerts} == {
        ("any", "The harvest began."),
        ("first", "The harvest began."),
    }
    assert "The harvest began." in newswire("alerts", "list").stdout
    (waiting,) = json.loads(newswire("alerts", "undelivered", "--json").stdout)
    assert (waiting["state"], waiting["attempts"]) == ("paused", 1)
    tried = newswire("searches", "test", "harvests").stdout
    assert "The harvest began." in tried
    assert "1 document matches" in tried
    assert "it has no webhooks: nothing was sent" in newswire("searches", "test", "known", "--send").stdout
    assert "<entry>" in newswire("searches", "feed", "harvests").stdout
    shown = newswire("searches", "show", "harvests").stdout
    assert "whsec_" not in shown
    assert "the first document" in shown
    newswire("alerts", "replay", waiting["alert"], expect=2)
    newswire("searches", "remove", "harvests")
    assert json.loads(newswire("alerts", "list", "--json").stdout) == []


def test_a_search_is_replaced_and_stays_itself_where_it_asks_the_same(newswire: Newswire) -> None:
    hook = "https://hooks.example/a"
    first = json.loads(newswire("searches", "add", "a", "harvest", "--webhook", hook, "--json").stdout)
    command = ("searches", "add", "a", "wheat", "--place", "Minsk", "--webhook", hook, "--when", "silence:6h")
    assert "--replace puts this in its place" in newswire(*command, expect=2).stderr
    second = json.loads(newswire(*command, "--replace", "--json").stdout)
    assert second["created_at"] > first["created_at"]  # another query begins anew
    assert second["webhooks"] == first["webhooks"]
    third = json.loads(newswire(*command, "--when", "any", "--replace", "--json").stdout)
    assert third["created_at"] == second["created_at"]
    (listed,) = json.loads(newswire("searches", "list", "--json").stdout)
    assert (listed["query"], listed["when"]) == ({"text": "wheat", "places": ["Minsk"]}, ["silence:6h", "any"])
    assert "secret" not in listed["webhooks"][0]
    table = newswire("searches", "list").stdout
    assert table.splitlines()[0].strip() == "1 saved search"
    assert "wheat; places: Minsk" in table


def test_a_webhook_is_signed_with_the_secret_that_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ours, given, file = make_secret(), make_secret(), tmp_path / "secret"
    file.write_text(f"{ours}\n")
    monkeypatch.setenv("NEWSWIRE_HOME", str(tmp_path))
    monkeypatch.setenv("NEWSWIRE_WEBHOOK_SECRET_FILE", str(file))
    Wiring(read_settings()).store.prepare()

    def secrets_of(name: str, *more: str) -> list[str]:
        done = CliRunner().invoke(app, ["searches", "add", name, "harvest", *more, "--json"], catch_exceptions=False)
        return [hook["secret"] for hook in json.loads(done.stdout)["webhooks"]]

    hook = ("--webhook", "https://hooks.example/a")
    assert secrets_of("unsent") == []
    assert secrets_of("signed", *hook) == [ours]
    assert secrets_of("apart", *hook, "--secret", given) == [given]


def test_words_that_look_like_markup_are_printed_as_they_stand(newswire: Newswire, wiring: Wiring) -> None:
    wiring.store.write([document(text="The strike ended.", section=r"World\[/b]", publisher="Fire :fire: [red]")])
    facets = newswire("search", "strike", "--facets").stdout
    assert r"World\[/b]" in facets
    assert "Fire :fire: [red]" in facets
    newswire("searches", "add", "n1", r"strike \[/x]")
    assert r"strike \[/x]" in newswire("searches", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "-strike"), "such as 'harvest -strike', or -- before it: newswire search -- -strike"),
        (("search", "-harvest"), "-harvest stands where an option would"),  # -h is one, with an answer of its own
        (("search", "--json", "harvest", "-person:raisi"), "-person:raisi stands where an option would"),
        (("searches", "add", "a", "-strike"), "or -- before it: newswire searches add -- -strike"),
    ],
)
def test_a_word_that_reads_as_an_option_is_told(arguments: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, arguments, prog_name="newswire")
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)


def test_what_begins_with_a_minus_and_is_no_word_is_none_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEWSWIRE_HOME", str(tmp_path))
    Wiring(read_settings()).store.prepare()
    assert CliRunner().invoke(app, ["search", "--near", "-35.7,51.4,100", "--", "-strike"]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("searches", "add", "a", "wheat persn:raisi"), "(at character 7 of the query: persn:raisi)"),
        (("searches", "add", "a", "wheat", "--secret", "x"), "--secret signs what --webhook sends; give its address"),
        (("searches", "show", "none"), "there is no saved search 'none'; newswire searches list"),
        (("alerts", "list", "--search", "none"), "there is no saved search 'none'; newswire searches list"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(newswire: Newswire, arguments: tuple[str, ...], said: str) -> None:
    done = newswire(*arguments, expect=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_alerts_are_sent_though_the_search_store_is_down(wiring: Wiring, newswire: Newswire) -> None:
    dead = "http://127.0.0.1:9/hook"
    loopback = {"NEWSWIRE_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    newswire("searches", "add", "harvests", "harvest", "--when", "any", "--webhook", dead, environ=loopback)
    wiring.ledger.alerts.note_alerts([an_alert(1, search="harvests", when="any")], {})
    wiring.ledger.settle([], [as_indexed(HARVEST)])
    down = {"NEWSWIRE_SEARCH_URL": "http://127.0.0.1:9"}
    assert "127.0.0.1:9" in newswire("alerts", "run", environ=loopback | down, expect=1).stderr
    (waiting,) = json.loads(newswire("alerts", "undelivered", "--json").stdout)
    assert waiting["attempts"] == 1
