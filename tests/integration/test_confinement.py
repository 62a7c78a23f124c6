"""Calls in a process that can be killed: what each may do is done for real."""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.adapters import confined as confined_calls
from pipeline.adapters import confinement
from pipeline.adapters.confinement import ForkedProcesses
from pipeline.errors import Reject, UsageError
from pipeline.model.fate import Reason
from tests.fixtures import hostile

ROOT = Path(__file__).parents[2]


@pytest.fixture
def confined() -> Iterator[ForkedProcesses]:
    processes = ForkedProcesses(seconds=0.5, megabytes=256, patience=3)
    yield processes
    processes.close()


def test_a_call_returns_what_the_function_returns_from_one_process_after_another_call(
    confined: ForkedProcesses,
) -> None:
    assert confined.call(hostile.echo, "Zürich") == "Zürich"
    ids = {confined.call(hostile.process_of, "a")[1] for _ in range(3)}
    assert len(ids) == 1
    assert os.getpid() not in ids


@pytest.mark.parametrize(
    ("function", "reason", "why"),
    [
        (hostile.loop_in_c, Reason.TIMEOUT, "more than 0.5 s of processor time|within 1.5 s"),
        (hostile.wait_for_ever, Reason.TIMEOUT, "did not end within 1.5 s"),
        (hostile.take_all_memory, Reason.OUT_OF_MEMORY, "more than 256 MB"),
        (hostile.crash, Reason.CRASH, "SIGSEGV"),
        (hostile.be_killed, Reason.CRASH, "SIGKILL"),
    ],
)
def test_what_takes_too_much_is_rejected_by_name_and_its_neighbours_are_not(
    function: Callable[[str], object], reason: Reason, why: str
) -> None:
    confined = ForkedProcesses(seconds=0.5 if reason is Reason.TIMEOUT else 60, megabytes=256, patience=3)
    assert confined.call(hostile.echo, "before") == "before"
    with pytest.raises(Reject, match=why) as error:
        confined.call(function, "")
    assert error.value.reason is reason
    assert confined.call(hostile.echo, "after") == "after"
    assert os.waitpid(-1, os.WNOHANG) == (0, 0)  # the one that waits for calls; no zombie is left
    confined.close()


def test_an_answer_that_is_too_long_is_rejected_and_its_process_serves_on(
    confined: ForkedProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined_calls, "LONGEST_ANSWER", 1 << 20)
    with pytest.raises(Reject, match="more than 1 MB") as error:
        confined.call(hostile.return_much, "a")
    assert error.value.reason is Reason.OUT_OF_MEMORY
    assert confined.call(hostile.echo, "after") == "after"


def test_a_process_that_goes_on_sending_is_killed(confined: ForkedProcesses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "LONGEST_ANSWER", 1000)  # here alone: it sends what is not taken
    with pytest.raises(Reject, match="SIGKILL") as error:
        confined.call(hostile.return_much, "a")
    assert error.value.reason is Reason.CRASH
    assert confined.call(hostile.echo, "after") == "after"


def test_an_answer_that_nobody_takes_ends_in_its_time(
    confined: ForkedProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    def receive(self: confinement._Process) -> object:
        os.waitid(os.P_PID, self._id, os.WEXITED | os.WNOWAIT)
        raise EOFError

    monkeypatch.setattr(confinement._Process, "_receive", receive)
    with pytest.raises(Reject, match=r"did not end within 1\.5 s"):
        confined.call(hostile.return_much, "a")


def test_a_process_that_served_before_is_not_held_against_a_page(confined: ForkedProcesses) -> None:
    assert [confined.call(hostile.die_when_used, text) for text in "abc"] == ["a", "b", "c"]


def test_errors_of_ours_come_as_themselves_and_others_as_bugs(
    confined: ForkedProcesses, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Reject, match="it asks for money") as wall:
        confined.call(hostile.raise_what, "reject")
    with pytest.raises(UsageError, match="write it otherwise"):
        confined.call(hostile.raise_what, "usage")
    with caplog.at_level(logging.ERROR), pytest.raises(Reject, match="ZeroDivisionError: other") as bug:
        confined.call(hostile.raise_what, "other")
    assert (wall.value.reason, bug.value.reason) == (Reason.PAYWALL, Reason.BUG)
    assert "please report it" in caplog.text
    assert "raise ZeroDivisionError(kind)" in caplog.text


class Known:
    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def named(self, key: int, *, most: int) -> tuple[str, ...]:
        self.asked.append((key, most))
        return ("Maria Okafor",) * most

    def forget(self) -> None:
        raise AssertionError


def test_what_stands_for_a_store_is_asked_where_it_is(confined: ForkedProcesses) -> None:
    known = Known()
    assert confined.call(hostile.ask, "a", known) == ("a", "Maria Okafor", "Maria Okafor")
    assert known.asked == [(3, 2)]
    assert confined.call(hostile.ask, "a", None) == ("a",)


def test_an_error_of_the_store_comes_back_as_itself_and_the_next_call_is_answered(confined: ForkedProcesses) -> None:
    class Broken(Known):
        def named(self, key: int, *, most: int) -> tuple[str, ...]:
            raise UsageError(f"no store of {most} {key}")

    with pytest.raises(UsageError, match="no store of 2 3"):
        confined.call(hostile.ask, "a", Broken())
    assert confined.call(hostile.echo, "after") == "after"


def test_calls_from_threads_run_side_by_side(confined: ForkedProcesses) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda number: confined.call(hostile.process_of, str(number)), range(40)))
    assert [text for text, _ in answers] == [str(number) for number in range(40)]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_file_or_socket_crosses_the_fork(confined: ForkedProcesses, tmp_path: Path) -> None:
    with (tmp_path / "kept").open("wb"):
        found = confined.call(hostile.read_descriptors, "")
    [pipe] = {name for name in found if name != os.devnull}
    assert pipe.startswith("socket:")


def test_nothing_is_printed_from_there(confined: ForkedProcesses, capfd: pytest.CaptureFixture[str]) -> None:
    assert confined.call(hostile.write_out, "unwanted") == "unwanted"
    assert capfd.readouterr() == ("", "")


def test_a_fork_has_processes_of_its_own(confined: ForkedProcesses) -> None:
    _, ours = confined.call(hostile.process_of, "")
    pipe, theirs = multiprocessing.Pipe()
    fork = multiprocessing.get_context("fork").Process(
        target=lambda: theirs.send(confined.call(hostile.process_of, "")), daemon=True
    )
    fork.start()
    assert pipe.poll(30)
    assert pipe.recv()[1] != ours
    fork.join()
    assert confined.call(hostile.process_of, "")[1] == ours


def _call_in_a_daemon(pipe: "multiprocessing.connection.Connection") -> None:
    processes = ForkedProcesses(seconds=5, megabytes=256)
    pipe.send(processes.call(hostile.echo, "from a daemon"))


def test_a_daemonic_process_as_celerys_workers_are_may_call() -> None:
    ours, theirs = multiprocessing.Pipe()
    daemon = multiprocessing.get_context("fork").Process(target=_call_in_a_daemon, args=(theirs,), daemon=True)
    daemon.start()
    assert ours.poll(30)
    assert ours.recv() == "from a daemon"
    daemon.join()


ORPHAN = """
import os, sys
from pipeline.adapters import confined as confined_calls
from pipeline.adapters import confinement
from pipeline.adapters.confinement import ForkedProcesses
from tests.fixtures import hostile
processes = ForkedProcesses(seconds=600, megabytes=256)
print(processes.call(hostile.process_of, "")[1], flush=True)
os.kill(os.getpid(), 9)
"""


def test_the_process_ends_when_the_one_that_made_it_is_killed() -> None:
    ended = subprocess.run([sys.executable, "-c", ORPHAN], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL
    while _is_alive(int(ended.stdout)):  # until pytest's own end, if it never ends
        time.sleep(0.01)


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
