"""Programs that run beside this one, each in a session of its own: stopping one stops everything that it started."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped]  # comes with Airflow, without types

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 5.0  # seconds that a program has to end by itself; an idle triggerer would take ten


@dataclass(frozen=True, slots=True)
class Child:
    """A program that was started, and the file that it writes to."""

    name: str
    program: subprocess.Popen[bytes]
    log: Path


class Children:
    """A context manager: what was started in it is stopped when it ends, however it ends."""

    def __init__(self, grace: float = GRACE) -> None:
        self._grace = grace
        self._children: list[Child] = []

    def start(self, name: str, command: Sequence[str | Path], *, environ: Mapping[str, str], log: Path) -> Child:
        """Start the program; what it prints goes to the log file."""
        with log.open("wb") as output:
            program = subprocess.Popen(
                command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name, program, log)
        self._children.append(child)
        return child

    def ended(self) -> Child | None:
        """Return a program that has ended, or None while all run."""
        return next((child for child in self._children if child.program.poll() is not None), None)

    def kill(self, child: Child) -> None:
        """End the program and all that it started at once, as a machine does that loses its power."""
        for pid in members_of({child.program.pid}):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.program.wait()
        self._children.remove(child)

    def stop(self) -> None:
        """Ask all of them to end, wait, and kill what is left of their sessions."""
        for child in self._children:
            _signal_group(child.program.pid, signal.SIGTERM)
        # Airflow gives each task a process group of its own, but the session stays.
        for pid in self._await_end(self._grace):
            with suppress(ProcessLookupError):
                _signal_group(os.getpgid(pid), signal.SIGKILL)
        self._await_end(GRACE)
        self._children.clear()

    def _await_end(self, seconds: float) -> list[int]:
        """Wait until all have ended, at most so long; return the processes that have not."""
        deadline = time.monotonic() + seconds
        while (left := self._running()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def _running(self) -> list[int]:
        for child in self._children:
            child.program.poll()  # else an ended one counts as running
        return members_of({child.program.pid for child in self._children})

    def __enter__(self) -> Self:
        """Start with no program."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all of them; a second Ctrl-C must not leave half of them running."""
        before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
        self.stop()
        for number, reaction in before.items():
            signal.signal(number, reaction)


def stop_on_signals() -> None:
    """Make each signal that ends a program a KeyboardInterrupt, so that what was started is stopped.

    SIGINT as well: a shell that starts a program in the background has it ignored.
    """
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)


def members_of(sessions: set[int]) -> list[int]:
    """Return the ids of the processes that run in these sessions."""
    return [pid for pid in psutil.pids() if _session_of(pid) in sessions and _is_running(pid)]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:  # ended meanwhile, or another user's
        return None


def _is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
