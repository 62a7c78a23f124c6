"""What only the SQLite store does: one file, many processes, and files that are not its own."""

import multiprocessing
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.adapters.sqlite_schema import SCHEMA_VERSION, distance_km
from pipeline.adapters.sqlite_store import SqliteStore
from pipeline.errors import StoreUnavailable, UsageError
from pipeline.search.request import make_query
from tests.fixtures.documents import NOON, FixedClock, document


def open_store(path: Path) -> SqliteStore:
    return SqliteStore(path, clock=FixedClock())


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    open_store(tmp_path / "search.sqlite")
    assert not (tmp_path / "search.sqlite").exists()


def test_before_anything_is_written_nothing_is_found(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "new" / "search.sqlite")) as store:
        assert store.search(make_query("iran")).total == 0
        assert store.document("0" * 32) is None
        assert store.status() == ()


def test_documents_outlive_the_store(tmp_path: Path) -> None:
    for _ in range(2):
        with closing(open_store(tmp_path / "search.sqlite")) as store:
            store.write([document()])
    with closing(open_store(tmp_path / "search.sqlite")) as store:
        assert store.search(make_query()).total == 1


def test_another_schema_is_a_usage_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with closing(open_store(path)) as store:
        store.prepare()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with closing(open_store(path)) as store, pytest.raises(UsageError, match=r"index schema.*newswire index rebuild"):
        store.prepare()


def test_another_mapping_is_a_usage_error_until_a_rebuild_is_promoted(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with closing(open_store(path)) as store:
        store.prepare()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("UPDATE generations SET name = 'articles-0a1b2c3d'")
            connection.commit()
        for act in (store.prepare, lambda: store.write([document()])):
            with pytest.raises(UsageError, match=r"0a1b2c3d.*newswire index rebuild, then newswire index promote"):
                act()
        store.promote(store.begin_generation())
        store.prepare()


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with closing(open_store(path)) as store, pytest.raises(UsageError, match="something else"):
        store.prepare()


def test_a_file_that_is_no_database_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    path.write_text("no database " * 100)
    with closing(open_store(path)) as store, pytest.raises(UsageError, match="cannot be read"):
        store.prepare()


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        closing(open_store(tmp_path / "file" / "search.sqlite")) as store,
        pytest.raises(UsageError, match="cannot be made"),
    ):
        store.prepare()


def test_a_path_that_cannot_be_opened_does_not_answer(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store, pytest.raises(StoreUnavailable, match="does not answer"):
        store.prepare()


def test_a_dropped_generation_leaves_the_word_index_whole(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with closing(open_store(path)) as store:
        store.write([document("old", text="elections")])
        first = store.status()[0].generation
        rebuilt = store.begin_generation()
        store.write([document("new", text="elections")], generation=rebuilt)
        store.promote(rebuilt)
        store.drop(first)
    with closing(sqlite3.connect(path)) as connection:
        for table in ("words", "stems"):
            connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("documents", "facets")
        ]
    assert counts == [1, 2]


def test_how_often_a_value_stands_in_all_is_known_after_each_change(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    with closing(open_store(path)) as store:
        store.write([document(f"{number}", people=["Ann", "Bob"], places=[("Minsk", None)]) for number in range(4)])
        store.write([document("0", people=["Ann"], captured_at=NOON + timedelta(hours=1))])
        live, generation = store.status()[0].generation, store.begin_generation()
        store.copy(list(store.documents(live)), generation=generation)
        store.promote(generation)
        store.drop(next(each.generation for each in store.status() if not each.is_live))
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT value, documents FROM counted WHERE documents AND facet IN ('people', 'places')"
        )
        totals = dict(rows)
    assert totals == {"Ann": 4, "Bob": 3, "Minsk": 3}


def write_some(path: Path, numbers: range) -> None:
    with closing(open_store(path)) as store:
        for number in numbers:
            store.write([document(str(number))])


def test_several_processes_write_at_once_from_the_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_some, args=(path, range(start, start + 10))) for start in (0, 10, 20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    with closing(open_store(path)) as store:
        assert store.search(make_query()).total == 30


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        ((0, 0), (0, 180), 20015),
        ((52.52, 13.405), (48.8566, 2.3522), 878),
        ((0, 179.5), (0, -179.5), 111.2),
        ((5, 5), (5, 5), 0),
    ],
)
def test_distance(one: tuple[float, float], other: tuple[float, float], kilometres: float) -> None:
    assert distance_km(*one, *other) == pytest.approx(kilometres, rel=0.001)


def test_threads_that_have_ended_leave_no_connection_open(tmp_path: Path) -> None:
    """A web server's threads come and go; 16 MB and two descriptors each would stop it in a day."""
    path, most = tmp_path / "search.sqlite", 0
    with closing(open_store(path)) as store:
        store.write([document()])
        for _ in range(30):
            thread = threading.Thread(target=store.search, args=[make_query()])
            thread.start()
            thread.join()
            most = max(most, count_open(path))
        assert most == 4  # the database and its log, of this thread and of the last one
        assert store.search(make_query()).total == 1
    assert count_open(path) == 0


def count_open(path: Path) -> int:
    """Return how many descriptors this process has of the database and its log."""
    links = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return sum(link in {path, path.with_name(f"{path.name}-wal")} for link in links)
