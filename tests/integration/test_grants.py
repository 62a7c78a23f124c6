"""Roles and keys of least privilege, on a real server with security on: who may do what, and that it is enough."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from elasticsearch import AuthenticationException, AuthorizationException, Elasticsearch
from typer.testing import CliRunner

from examples.newsroom.server import Newsroom
from pipeline.cli.index import index
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.model.grant import Grant
from pipeline.search.request import make_query
from pipeline.settings import KEYS
from tests.fixtures.command import Newswire
from tests.fixtures.documents import FixedClock, document
from tests.fixtures.secured import Secured

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.elasticsearch

WRITTEN = document(text="Grain ships left Odesa.")


@pytest.fixture
def written(granted: Secured) -> Secured:
    """Give the server with one document, and beside it the index of somebody else, named much like ours."""
    granted.store(Grant.WRITER, FixedClock()).write([WRITTEN])
    with granted.administrator() as client:
        client.index(index=f"{granted.prefix}-sport", document={"secret": "of others"}, refresh=True)
    return granted


def ours(written: Secured) -> str:
    with written.administrator() as client:
        [index] = client.indices.get_alias(name=written.prefix)
    return str(index)


#: What a writer's and an administrator's key must not do. ``index`` is ours, ``other`` somebody else's.
Call = Callable[[Elasticsearch, str, str], object]
NOT_OTHERS: dict[str, Call] = {
    "search another's index": lambda client, _, other: client.search(index=other),
    "write to another's index": lambda client, _, other: client.index(index=other, document={}),
    "delete another's index": lambda client, _, other: client.indices.delete(index=other),
    "make an index of another name": lambda client, _, other: client.indices.create(index=f"{other}-new"),
    "give ours another alias": lambda client, index, other: client.indices.put_alias(index=index, name=f"{other}-new"),
    "read the security index": lambda client, _, __: client.search(index=".security"),
    "read roles": lambda client, _, __: client.security.get_role(),
    "list keys": lambda client, _, __: client.security.get_api_key(),
    "make a key": lambda client, _, __: client.security.create_api_key(name="more"),
    "add a user": lambda client, _, __: client.security.put_user(username="me", password="secret-1", roles=[]),
    "read the cluster's settings": lambda client, _, __: client.cluster.get_settings(),
    "take a snapshot": lambda client, _, __: client.snapshot.get(repository="_all", snapshot="_all"),
}
NOT_WRITERS: dict[str, Call] = {
    "delete an index": lambda client, index, _: client.indices.delete(index=index),
    "delete by pattern": lambda client, index, _: client.indices.delete(index=f"{index[:-3]}*"),
    "delete an index by the aliases' call": lambda client, index, _: client.indices.update_aliases(
        actions=[{"remove_index": {"index": index}}]
    ),
    "move the alias": lambda client, index, _: client.indices.update_aliases(
        actions=[{"remove": {"index": index, "alias": "*"}}]
    ),
    "close an index": lambda client, index, _: client.indices.close(index=index),
    "change settings": lambda client, index, _: client.indices.put_settings(
        index=index, settings={"index.blocks.read": True}
    ),
    "change the mapping": lambda client, index, _: client.indices.put_mapping(
        index=index, properties={"more": {"type": "keyword"}}
    ),
    "put an index template": lambda client, index, _: client.indices.put_index_template(
        name="more", index_patterns=[index]
    ),
}
NOT_READERS: dict[str, Call] = {
    "write": lambda client, index, _: client.index(index=index, id="new", document={}),
    "write in bulk": lambda client, index, _: client.bulk(operations=[{"index": {"_index": index}}, {}]),
    "delete a document": lambda client, index, _: client.delete(index=index, id=WRITTEN.id),
    "delete by query": lambda client, index, _: client.delete_by_query(index=index, query={"match_all": {}}),
    "read an index but through the alias": lambda client, index, _: client.search(index=index),
    "see what indices there are": lambda client, _, __: client.cat.indices(),
}


@pytest.mark.parametrize("grant", Grant)
def test_no_key_reaches_what_is_not_ours(written: Secured, grant: Grant) -> None:
    refused(written, grant, NOT_OTHERS)


def test_a_writer_deletes_and_changes_no_index(written: Secured) -> None:
    refused(written, Grant.WRITER, NOT_WRITERS)


def test_a_reader_only_reads_what_is_live(written: Secured) -> None:
    refused(written, Grant.READER, NOT_WRITERS | NOT_READERS)
    with written.client(Grant.READER) as client:
        assert client.search(index="*")["hits"]["total"]["value"] == 1  # not that of others


def refused(written: Secured, grant: Grant, calls: dict[str, Call]) -> None:
    """Fail for each call that the server does not refuse, or refuses for another reason than rights."""
    own, other = ours(written), f"{written.prefix}-sport"
    done = []
    with written.client(grant) as client, written.administrator() as administrator:
        for name, call in calls.items():
            try:
                call(client, own, other)
                done.append(name)
            except AuthorizationException:
                pass
            assert administrator.indices.exists(index=own), name
            assert administrator.count(index=other)["count"] == 1, name
    assert done == []


def test_a_writer_makes_the_index_of_a_new_month_which_readers_see_at_once(granted: Secured) -> None:
    november, december = datetime(2026, 11, 26, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    writer, reader = granted.store(Grant.WRITER, FixedClock()), granted.store(Grant.READER, FixedClock())
    writer.write([document("a", first_seen_at=november), document("b", first_seen_at=december)])
    assert reader.search(make_query("")).total == 2
    assert [form["id"] for form in reader.export(make_query(""))] == [document("b").id, document("a").id]


def test_after_a_promotion_too(granted: Secured) -> None:
    writer, admin = granted.store(Grant.WRITER, FixedClock()), granted.store(Grant.ADMIN, FixedClock())
    writer.write([document("a")])
    generation = admin.begin_generation()
    admin.copy(list(admin.missing(generation)), generation=generation)
    with admin.hold_writers():
        admin.promote(generation)
    writer.write([document("b", first_seen_at=datetime(2027, 1, 1, tzinfo=UTC))])
    assert granted.store(Grant.READER, FixedClock()).search(make_query("")).total == 2
    live, before = admin.status()
    assert (live.generation, live.is_live, len(live.indices)) == (generation, True, 2)
    admin.drop(before.generation)
    assert [month.month for month in admin.drop_months(date(2027, 1, 1))] == []  # this month stays


def test_what_only_an_administrator_may_is_said_to_a_writer(granted: Secured) -> None:
    writer, admin = granted.store(Grant.WRITER, FixedClock()), granted.store(Grant.ADMIN, FixedClock())
    writer.write([document("a")])
    generation = admin.begin_generation()
    for call in (lambda: writer.promote(generation), lambda: writer.drop(generation)):
        with pytest.raises(UsageError, match=r"does not let this login do that.*NEWSWIRE_SEARCH_ADMIN_API_KEY"):
            call()


def test_an_index_that_no_alias_could_be_given_to_is_mended_by_granting_again(
    granted: Secured,
) -> None:
    with granted.administrator() as client:
        client.indices.delete_index_template(name=f"newswire-{granted.prefix}")
    writer = granted.store(Grant.WRITER, FixedClock())
    with pytest.raises(Exception, match="the index template is missing; then run newswire index grants"):
        writer.write([WRITTEN])
    grant(granted.login())
    writer.write([WRITTEN])
    assert granted.store(Grant.READER, FixedClock()).search(make_query("odesa")).total == 1


@pytest.mark.parametrize("mend", ["grants", "rebuild"])
def test_what_a_writer_blocked_is_opened_by_granting_again_and_by_a_rebuild(granted: Secured, mend: str) -> None:
    writer, reader = granted.store(Grant.WRITER, FixedClock()), granted.store(Grant.READER, FixedClock())
    writer.write([WRITTEN])
    index = ours(granted)
    with granted.client(Grant.WRITER) as client:
        for block in ("read", "metadata"):
            client.indices.add_block(index=index, block=block)
    with pytest.raises(StoreUnavailable, match="blocked by"):
        reader.search(make_query("odesa"))
    admin = granted.store(Grant.ADMIN, FixedClock())
    if mend == "grants":
        grant(granted.login(), "--revoke", "old")
    else:
        admin.begin_generation()
    assert reader.search(make_query("odesa")).total == 1
    assert len(admin.status()) == (1 if mend == "grants" else 2)


PAGE_IN_AIRFLOW = """
from airflow.api_fastapi.core_api.security import get_user
from pipeline.orchestration.search_page import load_page
from tests.fixtures.browser import Browser, words

app = load_page()
app.dependency_overrides[get_user] = lambda: None  # who is logged in
print(words(Browser(app).read("/?q=odesa"), "h1"))
"""


def test_the_page_in_airflow_asks_with_the_readers_key(written: Secured, tmp_path: Path) -> None:
    """As does ``newswire serve``, see test_secrets.py: the writer's key opens nothing here, and is there all the same."""
    kept = {"NEWSWIRE_HOME": str(tmp_path), "NEWSWIRE_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.sqlite'}"}
    kept |= {"NEWSWIRE_ARCHIVE_URL": str(tmp_path / "archive"), "AIRFLOW_HOME": str(tmp_path / "airflow")}
    wrong = {KEYS[Grant.WRITER]: "wrong", KEYS[Grant.ADMIN]: "wrong"}
    environ = {"PATH": os.environ["PATH"]} | kept | wrong | written.environ(Grant.READER)
    command = [sys.executable, "-c", PAGE_IN_AIRFLOW]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["1 article for odesa"], done.stdout + done.stderr


# The command


def grant(environ: dict[str, str], *arguments: str) -> str:
    """Run ``newswire index grants`` in this process, which saves a second each time; return what it printed."""
    done = CliRunner().invoke(index, ["grants", *arguments], env=environ)
    if done.exception:
        raise done.exception
    return done.stdout


def test_a_dry_run_shows_the_roles_and_asks_nobody() -> None:
    roles = json.loads(grant({"NEWSWIRE_SEARCH_URL": "http://127.0.0.1:9"}, "--dry-run"))
    assert list(roles) == ["newswire-articles-writer", "newswire-articles-reader", "newswire-articles-admin"]
    assert roles["newswire-articles-reader"]["indices"] == [
        {"names": ["articles", "article-versions"], "privileges": ["read"], "allow_restricted_indices": False}
    ]


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        ((), {}, "roles and keys are Elasticsearch's; set NEWSWIRE_SEARCH_URL"),
        ((), {"NEWSWIRE_SEARCH_URL": "http://127.0.0.1:9", "NEWSWIRE_SEARCH_API_KEY": "a"}, "not by a key"),
        (("--rotate", "--revoke", "old"), {}, "do not go together"),
    ],
)
def test_what_cannot_be_granted_is_said(arguments: tuple[str, ...], environ: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        grant(environ, *arguments)


def test_keys_are_shown_once(secured: Secured, newswire: Newswire) -> None:
    first = newswire("index", "grants", environ=secured.login()).stdout
    assert len(re.findall(r"^NEWSWIRE_SEARCH_(?:READER_|ADMIN_)?API_KEY=\S{20,}$", first, re.MULTILINE)) == 3
    second = grant(secured.login())
    assert "API_KEY" not in second
    assert second.count("as it should be") == second.count("--rotate makes another") == 3


def test_keys_go_into_files_of_their_own_and_are_rotated_there(secured: Secured, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    file = folder / "reader.key"

    def again(*arguments: str) -> str:
        return grant(secured.login(), "--only", "reader", "--keys-to", str(folder), *arguments)

    def works(key: str) -> bool:
        with Elasticsearch(secured.url, api_key=key) as client:
            try:
                client.security.authenticate()
            except AuthenticationException:
                return False
            return True

    said = again()
    first = file.read_text().strip()
    assert f"NEWSWIRE_SEARCH_READER_API_KEY_FILE={file}" in said
    assert first not in said
    assert [path.name for path in folder.iterdir()] == ["reader.key"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again()
    assert file.read_text().strip() == first
    again("--rotate")
    second = file.read_text().strip()
    assert second != first
    assert (works(first), works(second)) == (True, True)
    again("--revoke", "old")
    assert (works(first), works(second)) == (False, True)
    file.unlink()
    again()  # nobody has the second any more
    third = file.read_text().strip()
    assert third not in {first, second}
    again("--revoke", "all")
    assert (works(second), works(third)) == (False, False)


def test_a_role_that_was_widened_by_hand_is_put_right_with_its_keys(granted: Secured) -> None:
    name = f"newswire-{granted.prefix}-reader"
    with granted.administrator() as client:
        wide = {"cluster": [], "indices": [{"names": ["*"], "privileges": ["all"]}]}
        client.security.put_role(name=name, **wide)
        [key] = client.security.get_api_key(name=name, active_only=True)["api_keys"]
        client.security.update_api_key(id=key["id"], role_descriptors={name: wide})
        grant(granted.login())
        assert client.security.get_role(name=name)[name]["indices"][0]["privileges"] == ["read"]
    with granted.client(Grant.READER) as client, pytest.raises(AuthorizationException):
        client.indices.create(index=f"{granted.prefix}-more")


# The whole


def test_the_flow_runs_with_the_writers_key_and_searches_with_the_readers(
    granted: Secured, newswire: Newswire, newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.write_sources(tmp_path / "sources.toml")
    sources = {"NEWSWIRE_SOURCES": str(tmp_path / "sources.toml")}
    newswire("ingest", environ=granted.environ(Grant.WRITER) | sources)
    newsroom.publish_correction()
    newswire("ingest", environ=granted.environ(Grant.WRITER) | sources)  # keeps what the corrected article said before
    reading = granted.environ(Grant.READER)
    found = json.loads(newswire("search", "Valparaíso", "--json", "--facets", environ=reading).stdout)
    assert found["total"] > 0
    exported = newswire("search", "--export", "jsonl", environ=reading).stdout.splitlines()
    status = json.loads(newswire("index", "status", "--json", environ=granted.environ(Grant.WRITER)).stdout)
    assert len(exported) == status[0]["documents"] > 20
    as_writer = granted.environ() | {"NEWSWIRE_SEARCH_API_KEY": granted.keys[Grant.READER]}
    assert "does not let this login" in newswire("ingest", environ=as_writer | sources, expect=2).stderr
