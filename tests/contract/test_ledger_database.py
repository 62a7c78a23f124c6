"""Opening a ledger: its tables are made and checked, and what is wrong with an address is said in one clear line."""

import logging
import os
import re
import stat
import subprocess
import sys
import threading
import time
import traceback
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from pipeline.adapters.sql_database import HEAD, Database
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sql_schema import articles, metadata, printing_keys, printing_reviews, printings, urls
from pipeline.enrich.linking import entity_keys
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.model import codec
from pipeline.model.entity import Kind
from pipeline.model.fate import FEED_TEXT, Tally
from pipeline.model.feed import Feed
from pipeline.model.known import KnownEntity
from pipeline.parts import Parts
from pipeline.settings import read_settings
from tests.fixtures.entries import MINUTE, NOW, an_article, an_entry

FORM = {
    "sqlite": [
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name",
        # Not the tables' texts: in them, a column that was added later stands after the constraints.
        """
        SELECT tables.name, columns.name, columns.type, columns."notnull", columns.dflt_value, columns.pk
        FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns ORDER BY 1, 2
        """,
    ],
    "postgresql": [
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        """
        SELECT table_name, column_name, data_type, is_nullable, collation_name,
            col_description(table_name::regclass, ordinal_position::int)
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
        """,
    ],
}


def test_who_is_alone_keeps_others_out_and_no_transaction(ledger: SqlLedger, ledger_url: str) -> None:
    entered = threading.Event()

    def enter() -> None:
        with closing(open_ledger(ledger_url)) as other, other.alone():
            entered.set()

    thread = threading.Thread(target=enter)
    with ledger.alone():
        thread.start()
        ledger.add_feeds([Feed(url="https://news.example/feed", publisher="Example")], NOW)
        assert not entered.wait(0.5)
    assert entered.wait(30)
    thread.join(30)


def test_who_fails_while_alone_lets_others_in(ledger: SqlLedger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.alone():
        _ = 1 // 0
    with ledger.alone():
        pass


def test_who_is_killed_while_alone_lets_others_in(ledger: SqlLedger, ledger_url: str) -> None:
    program = (
        "import sys, time; from pipeline.adapters.sql_ledger import open_ledger\n"
        "with open_ledger(sys.argv[1]).alone(): print('in', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, ledger_url], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "in\n"
        other.kill()
    with ledger.alone():
        pass


def form_of(connection: Connection) -> list[str]:
    """Return how the database describes our tables, one line a thing, whatever the spacing."""
    rows = [row for query in FORM[connection.dialect.name] for row in connection.execute(text(query))]
    return [re.sub(r"\s+", " ", str(tuple(row))) for row in rows if "newswire_version" not in str(row)]


def test_migrations_make_the_tables_that_the_code_speaks_of(ledger: SqlLedger, ledger_url: str) -> None:
    assert ledger.tally().seen == 0
    database = Database(ledger_url)
    with database.write() as connection:
        migrated = form_of(connection)
        metadata.drop_all(connection)
        assert form_of(connection) == []
        metadata.create_all(connection)
        assert form_of(connection) == migrated
    database.close()


def test_the_newest_migration_is_the_one_that_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", "pipeline.adapters:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def make_former(ledger_url: str, revision: str) -> Database:
    """Return an empty database as it was at that revision."""
    database = Database(ledger_url)
    config = Config()
    config.set_main_option("script_location", "pipeline.adapters:migrations")
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return database


def test_texts_of_another_fingerprint_are_forgotten_and_all_else_is_kept(ledger_url: str) -> None:
    database = make_former(ledger_url, "0010")
    entry = an_entry()
    known = {"url": entry.url, "publisher": entry.publisher, "entry": codec.encode(entry).decode(), "is_past": False}
    with database.write() as connection:
        connection.execute(insert(urls), known | {"revision": 1, "attempts": 0, "first_seen_at": NOW, "due_at": NOW})
        for number in (1, 2):  # with sketches of another kind, as they were then
            texts = {"keys": bytes(72), "passages": bytes(800), "shingles": bytes(800), "is_told": True}
            row = {"number": number, "article_id": str(number), "standing": 2, "printed_at": NOW, "captured_at": NOW}
            connection.execute(insert(printings), row | texts | {"original": 1 if number > 1 else None})
            connection.execute(insert(printing_keys), {"key": 7, "printing": number})
        connection.execute(insert(printing_reviews), {"original": 1, "after": 0})
    ledger = open_ledger(ledger_url)
    assert ledger.tally() == Tally(seen=1, pending=1)
    assert ledger.reprints(["1", "2"]) == {}
    with database.read() as connection:
        for table in (printings, printing_keys, printing_reviews):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
        assert connection.execute(text("SELECT version_num FROM newswire_version")).scalar() == HEAD
    database.close()
    ledger.close()


def test_a_watch_list_of_an_older_ledger_is_found_after_the_upgrade(ledger_url: str) -> None:
    known = KnownEntity(id="Q1", kind=Kind.PERSON, name="Ada Vell", aliases=("Ада Велль",), source="list")
    database = make_former(ledger_url, "0011")
    with database.write() as connection:
        row = {"id": known.id, "entity": codec.encode(known).decode(), "source": known.source, "at": "2026-11-01"}
        connection.execute(text("INSERT INTO known_entities VALUES (:id, :entity, :source, :at)"), row)
    database.close()
    ledger = open_ledger(ledger_url)
    asked = [entity_keys(Kind.PERSON, [name]) for name in ("Ada Vell", "Bo Ek")]
    assert ledger.knowledge.candidates(asked, limit=9) == ((known,), ())
    assert ledger.knowledge.known(["Q1"]) == {"Q1": known}
    ledger.close()


def test_which_articles_an_older_ledger_has_from_the_feed_is_known_as_far_as_their_last_visits_tell(
    ledger_url: str,
) -> None:
    database = make_former(ledger_url, "0016")
    with database.write() as connection:
        for number, detail in ((1, FEED_TEXT), (2, ""), (3, None)):
            entry, article = an_entry(number), an_article(number)
            row = {"url": entry.url, "publisher": entry.publisher, "entry": codec.encode(entry).decode()}
            row |= {"revision": 1, "attempts": 0, "first_seen_at": NOW, "due_at": NOW, "detail": detail}
            connection.execute(insert(urls), row | {"is_past": False, "article_id": article.article_id})
            row = {"article_id": article.article_id, "url": entry.url, "content_hash": "hash", "version": 1}
            connection.execute(insert(articles), row | {"first_seen_at": NOW, "captured_at": NOW + MINUTE})
    database.close()
    ledger = open_ledger(ledger_url)
    known = {number: an_article(number, has_feed_text=number == 1) for number in (1, 2, 3)}
    assert ledger.articles([each.article_id for each in known.values()]) == {
        each.article_id: each for each in known.values()
    }  # and public since their first sight
    ledger.close()


def test_opening_again_keeps_everything_and_needs_no_alembic(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.record_entries([an_entry()], NOW)
    script = (
        "import sys; from pipeline.adapters.sql_ledger import open_ledger; ledger = open_ledger(sys.argv[1]);"
        "assert 'alembic' not in sys.modules; print(ledger.tally().seen)"
    )
    done = subprocess.run([sys.executable, "-c", script, ledger_url], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_migrating_leaves_logging_as_it_was(ledger_url: str) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("pipeline").disabled)
    open_ledger(ledger_url).close()
    assert (root.level, list(root.handlers), logging.getLogger("pipeline").disabled) == before


def test_a_newer_ledger_is_refused_and_left_alone(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.record_entries([an_entry()], NOW)
    database = Database(ledger_url)
    with database.write() as connection:
        connection.execute(text("UPDATE newswire_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(UsageError, match=r"made by a newer newswire .*9999.*install that version"):
        open_ledger(ledger_url)
    assert ledger.tally() == Tally(seen=1, pending=1)


def test_the_tables_hold_a_row_to_one_fate(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.record_entries([an_entry()], NOW)
    database = Database(ledger_url)
    for change in ("fate = 'indexed'", "claimed_by = 'a batch'", "reason = 'new'"):
        with pytest.raises(IntegrityError, match=r"(?i)check constraint"), database.write() as connection:
            connection.execute(text(f"UPDATE urls SET {change}"))
    database.close()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "is no database URL; write sqlite:////"),
        ("postgresql://newswire:secret@host:port/ledger", "is no database URL; write sqlite:////"),
        *(
            (
                f"postgresql://newswire:{password}@127.0.0.1:1/ledger",
                "write each @ and ? within a user or password as %40",
            )
            for password in ("a@secret", "a@secret:1/b", "a@b?secret", "12/a@secret", "a@b/secret", "a?b=secret")
        ),
        ("postgresql://h:1/secret?password=a@secret", "write each @ and ? within a user or password as %40"),
        ("mysql://newswire:secret@host/ledger", "begins with mysql: a ledger is sqlite:/// or postgresql://"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_an_address_that_is_none(url: str, problem: str) -> None:
    with pytest.raises(UsageError, match=re.escape(problem)) as caught:
        open_ledger(url)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("A diary, not a ledger.\n" * 1000)
    with pytest.raises(UsageError, match=r"ledger\.sqlite is no ledger, or is damaged: file is not a database"):
        open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere/ledger\.sqlite cannot be used: unable to open database file"):
        open_ledger(f"sqlite:///{tmp_path}/nowhere/ledger.sqlite")


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    secrets = ["se%40cret", "hidden"]  # not in the call below: a trace shows its lines
    url = "postgresql://newswire:{}@127.0.0.1:1/ledger?sslpassword={}".format(*secrets)
    with pytest.raises(StoreUnavailable, match="connection failed") as caught:
        open_ledger(url)
    line = str(caught.value)
    assert line.startswith("the ledger postgresql+psycopg://newswire:***@127.0.0.1:1/ledger cannot be used: ")
    assert "\n" not in line
    trace = "".join(traceback.format_exception(caught.value))
    assert not [secret for secret in [*secrets, "se@cret"] if secret in trace]


@pytest.mark.postgresql
def test_a_missing_postgresql_database_is_named(postgresql_socket: Path) -> None:
    with pytest.raises(StoreUnavailable, match='database "missing" does not exist'):
        open_ledger(f"postgresql://newswire@/missing?host={postgresql_socket}")


@pytest.mark.postgresql
def test_a_postgresql_that_was_restarted_is_connected_to_anew(postgresql_url: str) -> None:
    ledger = open_ledger(postgresql_url.replace("postgresql+psycopg://", "postgres://"))
    ledger.record_entries([an_entry()], NOW)
    with psycopg.connect(postgresql_url.replace("+psycopg", "")) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'newswire'")
    assert ledger.tally().seen == 1
    ledger.close()


@pytest.mark.postgresql
def test_a_postgresql_that_became_a_standby_is_a_store_that_does_not_answer(postgresql_url: str) -> None:
    with closing(open_ledger(postgresql_url)) as ledger:
        with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = on")
        ledger.close()  # as a failover does
        with pytest.raises(StoreUnavailable, match=r"cannot be used: .*read-only transaction"):
            ledger.add_feeds([Feed(url="https://news.example/feed", publisher="News")], NOW)
        assert not list(ledger.feeds())


@pytest.mark.postgresql
def test_a_transaction_that_was_idle_for_too_long_is_a_store_that_does_not_answer(postgresql_url: str) -> None:
    def be_idle(database: Database, other: psycopg.Connection) -> None:
        with database.read() as connection:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 1")
            while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
                time.sleep(0.01)
            connection.exec_driver_sql("SELECT 1")

    with (
        closing(Database(postgresql_url)) as database,
        psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as other,
    ):
        with pytest.raises(StoreUnavailable, match="idle-in-transaction timeout"):
            be_idle(database, other)
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1


@pytest.mark.postgresql
def test_times_are_utc_whatever_the_session_says(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PGTZ", "Asia/Tehran")
    ledger = open_ledger(postgresql_url)
    ledger.record_entries([an_entry()], NOW)
    known = ledger.entry(an_entry().url)
    assert known is not None
    assert known[1].isoformat() == NOW.isoformat()
    ledger.settle([], [an_article(first_seen_at=datetime(2026, 3, 31, 23, 0, tzinfo=UTC))])
    assert ledger.articles_by_month() == {date(2026, 3, 1): 1}
    ledger.close()


def modes(folder: Path) -> dict[str, int]:
    """Return who may do what with each file there, by its name, the folder's own by a dot."""
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}


def test_a_new_home_and_its_ledger_are_for_their_owners_eyes(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        parts = Parts(read_settings({"NEWSWIRE_HOME": str(tmp_path / "home")}))
        parts.ledger.record_entries([an_entry()], NOW)
        found = modes(tmp_path / "home")
    finally:
        os.umask(before)
    assert found == {".": 0o700, "ledger.sqlite": 0o600, "ledger.sqlite-wal": 0o600, "ledger.sqlite-shm": 0o600}
    parts.close()


def test_an_older_ledger_is_closed_to_others_while_it_is_in_use(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    first = open_ledger(url)
    first.record_entries([an_entry()], NOW)
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    second = open_ledger(url)
    assert second.tally().seen == 1
    assert modes(tmp_path) == {name: 0o755 if name == "." else 0o600 for name in modes(tmp_path)}
    assert len(modes(tmp_path)) == 4
    first.close()
    second.close()


def test_an_option_that_the_driver_does_not_know_is_said_in_one_line() -> None:
    with pytest.raises(
        UsageError, match=r'cannot be opened: invalid connection option "ssl_mode"; check NEWSWIRE_LEDGER_URL'
    ):
        open_ledger("postgresql://newswire@127.0.0.1:1/ledger?ssl_mode=disable")
