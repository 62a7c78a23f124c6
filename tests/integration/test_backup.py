"""What is lost is made again: the index from archive and ledger, the ledger from its backup, or in part from the archive."""

import gzip
import json
import os
import shutil
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.adapters.sql_database import Database
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.adapters.sql_schema import metadata
from pipeline.errors import UsageError
from pipeline.private_file import write_private
from tests.fixtures.command import Newswire
from tests.fixtures.documents import NOON


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    with closing(Database(url)) as database, database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def backup(home: Path, file: Path) -> int:
    with closing(open_ledger(f"sqlite:///{home / 'ledger.sqlite'}")) as ledger:
        return ledger.dump(file, NOON)


# The ledger


def test_a_ledger_comes_back_row_for_row(ingested_home: Path, tmp_path: Path) -> None:
    before = rows(f"sqlite:///{ingested_home / 'ledger.sqlite'}")
    assert sum(map(len, before.values())) > 200
    assert backup(ingested_home, tmp_path / "ledger.gz") == sum(map(len, before.values()))
    with closing(open_ledger(f"sqlite:///{tmp_path / 'other.sqlite'}")) as other:
        other.load(tmp_path / "ledger.gz")
    assert rows(f"sqlite:///{tmp_path / 'other.sqlite'}") == before


@pytest.mark.postgresql
def test_from_sqlite_to_postgresql_and_back(ingested_home: Path, tmp_path: Path, postgresql_url: str) -> None:
    before = rows(f"sqlite:///{ingested_home / 'ledger.sqlite'}")
    backup(ingested_home, tmp_path / "ledger.gz")
    with closing(open_ledger(postgresql_url)) as ledger:
        ledger.load(tmp_path / "ledger.gz")
        assert rows(postgresql_url) == before
        ledger.dump(tmp_path / "again.gz", NOON)
    assert gzip.decompress((tmp_path / "again.gz").read_bytes()) == gzip.decompress(
        (tmp_path / "ledger.gz").read_bytes()
    )


def test_a_backup_is_the_owners_alone_and_replaces_the_last_one_whole(ingested_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "ledger.gz"
    file.write_text("the last one")
    file.chmod(0o644)
    backup(ingested_home, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("ledger.gz*")] == ["ledger.gz"]
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        backup(ingested_home, tmp_path / "none" / "ledger.gz")
    for folder in (Path(), Path(".."), tmp_path):
        with pytest.raises(UsageError, match="cannot be written: Is a directory"):
            backup(ingested_home, folder)


def test_two_backups_at_once_to_one_name_are_both_whole(ingested_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "ledger.gz"
    with write_private(file) as other:
        other.write(b"half of ")
        rows = backup(ingested_home, file)
        other.write(b"another")
    assert file.read_bytes() == b"half of another"
    with write_private(file) as other:
        other.write(b"another")
        assert backup(ingested_home, file) == rows
        assert json.loads(gzip.decompress(file.read_bytes()).splitlines()[-1]) == {"rows": rows}
    assert [path.name for path in tmp_path.glob("ledger.gz*")] == ["ledger.gz"]


def test_a_backup_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), write_private(tmp_path / "ledger.gz"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_what_is_no_whole_backup_is_refused_and_leaves_the_ledger_empty(ingested_home: Path, tmp_path: Path) -> None:
    backup(ingested_home, tmp_path / "whole.gz")
    whole = (tmp_path / "whole.gz").read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    first = json.loads(lines[0])
    row = next(number for number, line in enumerate(lines) if line.startswith(b"["))
    for content, said in (
        (whole[: len(whole) // 2], "no whole backup"),
        (gzip.compress(b"".join(lines[:-1])), "its last line is missing"),
        (gzip.compress(b"".join([*lines[:row], *lines[row + 1 :]])), r"no whole backup of a ledger: \d+ rows of \d+"),
        (gzip.compress(b"".join([*lines[: row + 1], *lines[row:]])), "no whole backup of a ledger: UNIQUE"),
        (gzip.compress(b"".join([*lines[:row], b'["no", "feed"]\n', *lines[row:]])), "no whole backup"),
        (gzip.compress(b"".join([*lines[:row], b'"neither"\n', *lines[row:]])), "no whole backup"),
        (
            gzip.compress(b"".join([lines[0], b'{"table": "no", "columns": []}\n', *lines[1:]])),
            "no table of it is .*no",
        ),
        (gzip.compress(b"".join([lines[0], b'{"table": "feeds", "columns": ["url"]}\n'])), "no table of it is .*feeds"),
        (gzip.compress(json.dumps(first | {"ledger": "0001"}).encode()), "ledger version 0001"),
        (gzip.compress(b"{}"), "no backup of a ledger"),
        (gzip.compress(b"[]"), "no backup of a ledger"),
        (b"something else", "cannot be read: Not a gzipped file"),
    ):
        (tmp_path / "file.gz").write_bytes(content)
        with closing(open_ledger(f"sqlite:///{tmp_path / 'new.sqlite'}")) as ledger:
            with pytest.raises(UsageError, match=said):
                ledger.load(tmp_path / "file.gz")
            assert (ledger.tally().seen, ledger.feeds()) == (0, ())


def test_a_backup_is_restored_into_an_empty_ledger_alone(ingested_home: Path, tmp_path: Path) -> None:
    backup(ingested_home, tmp_path / "ledger.gz")
    with (
        closing(open_ledger(f"sqlite:///{ingested_home / 'ledger.sqlite'}")) as ledger,
        pytest.raises(UsageError, match="is not empty"),
    ):
        ledger.load(tmp_path / "ledger.gz")


# The whole, by commands


def found(newswire: Newswire, **environ: str) -> list[dict[str, Any]]:
    """Return every document, without what a rebuild sets anew."""
    lines = newswire("search", "--export", "jsonl", environ=environ).stdout.splitlines()
    return sorted(map(json.loads, lines), key=lambda form: str(form["id"]))


def test_the_index_is_made_again_from_the_archive_and_the_ledgers_backup(
    newswire: Newswire, ingested_home: Path, tmp_path: Path
) -> None:
    before, sums = found(newswire), newswire("ledger", "--json").stdout
    newswire("backup", str(tmp_path / "ledger.gz"))
    shutil.copytree(ingested_home / "archive", tmp_path / "archive")
    shutil.rmtree(ingested_home)

    newswire("restore", str(tmp_path / "ledger.gz"))
    shutil.copytree(tmp_path / "archive", ingested_home / "archive")
    assert newswire("ledger", "--json").stdout == sums
    newswire("index", "rebuild")
    [generation] = json.loads(newswire("index", "status", "--json").stdout)
    newswire("index", "promote", generation["generation"])
    assert found(newswire) == before
    assert len(before) > 20


def test_an_index_that_is_still_there_needs_the_ledger_alone(
    newswire: Newswire, ingested_home: Path, tmp_path: Path
) -> None:
    before, sums = found(newswire), newswire("ledger", "--json").stdout
    newswire("backup", str(tmp_path / "ledger.gz"))
    for file in ingested_home.glob("ledger.sqlite*"):
        file.unlink()
    newswire("restore", str(tmp_path / "ledger.gz"))
    assert newswire("ledger", "--json").stdout == sums
    assert found(newswire) == before
    assert newswire("maintain", "--dry-run").returncode == 0


@pytest.mark.elasticsearch
@pytest.mark.usefixtures("ingested_home")
def test_an_index_of_elasticsearch_too(newswire: Newswire, elasticsearch_url: str, elasticsearch_prefix: str) -> None:
    embedded = found(newswire)
    newswire.environ |= {"NEWSWIRE_SEARCH_URL": elasticsearch_url, "NEWSWIRE_SEARCH_ALIAS": elasticsearch_prefix}
    assert found(newswire) == []  # thrown away, and never there, look the same
    newswire("index", "rebuild")
    [generation] = json.loads(newswire("index", "status", "--json").stdout)
    newswire("index", "promote", generation["generation"])
    restored = found(newswire)
    assert [(form["id"], form["text"]) for form in restored] == [(form["id"], form["text"]) for form in embedded]


def test_a_lost_ledger_comes_back_from_the_archive_in_part(
    newswire: Newswire, first_pass: Path, ingested_home: Path, tmp_path: Path
) -> None:
    before = {form["id"]: form for form in found(newswire)}
    days = sorted("-".join(folder.parts[-3:]) for folder in (ingested_home / "archive").glob("2*/*/*"))
    (ingested_home / "archive").rename(tmp_path / "saved")
    shutil.rmtree(ingested_home)

    own = {"NEWSWIRE_WARCS": str(tmp_path / "saved"), "NEWSWIRE_WARC_HOSTS": "all"}
    sources = {"NEWSWIRE_SOURCES": str(first_pass / "sources.toml")}
    newswire("backfill", "--from", days[0], "--to", days[-1], environ=own | sources)
    after = {form["id"]: form for form in found(newswire)}
    assert after.keys() == before.keys()
    for key, form in after.items():
        for name in ("url", "headline", "text", "publisher", "captured_at"):
            assert form.get(name) == before[key].get(name), (form["url"], name)
        # Since it is known anew: what is lost is in docs/reliability.md.
        assert form["first_seen_at"] > before[key]["first_seen_at"]
    assert json.loads(newswire("ledger", "--json").stdout)["balanced"]


def test_what_was_fetched_since_the_backup_is_read_from_a_copy_of_the_archive(
    newswire: Newswire, first_pass: Path, ingested_home: Path, tmp_path: Path
) -> None:
    before = {form["id"]: form for form in found(newswire)}
    days = sorted("-".join(folder.parts[-3:]) for folder in (ingested_home / "archive").glob("2*/*/*"))
    sources = {"NEWSWIRE_SOURCES": str(first_pass / "sources.toml")}
    newswire("backup", str(tmp_path / "ledger.gz"), environ={"NEWSWIRE_HOME": str(tmp_path / "earlier")} | sources)
    for file in ingested_home.glob("ledger.sqlite*"):
        file.unlink()

    newswire("restore", str(tmp_path / "ledger.gz"))
    assert json.loads(newswire("ledger", "--json").stdout)["seen"] == 0
    shutil.copytree(ingested_home / "archive", tmp_path / "copy")
    own = {"NEWSWIRE_WARCS": str(tmp_path / "copy"), "NEWSWIRE_WARC_HOSTS": "all"}
    newswire("backfill", "--from", days[0], "--to", days[-1], environ=own | sources)
    after = {form["id"]: form for form in found(newswire)}
    assert after.keys() == before.keys()
    assert [form["text"] for form in after.values()] == [form["text"] for form in before.values()]
    sums = json.loads(newswire("ledger", "--json").stdout)
    assert sums["balanced"]
    assert sums["fates"]["indexed"] == len(after)


def test_what_is_no_file_is_left_as_it_is_and_a_link_followed(tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.gz", tmp_path / "target.gz"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match="a device or a pipe stands there"), write_private(pipe):
        pass
    assert pipe.is_fifo()
    link.symlink_to(target)
    with write_private(link) as file:
        file.write(b"ledger")
    assert (link.is_symlink(), target.read_bytes()) == (True, b"ledger")
