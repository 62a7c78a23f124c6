"""Stopping a program stops what it started, politely first."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from examples.children import Children, members_of

STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
    print("grandchild", flush=True)
time.sleep(600)
"""
POLITE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("goodbye", flush=True)))
print("ready", flush=True)
time.sleep(600)
"""


def await_condition(is_met: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_met():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_grandchild_in_a_group_of_its_own_that_ignores_sigterm_is_stopped_too(tmp_path: Path) -> None:
    with Children(grace=0.1) as children:
        child = children.start("stubborn", [sys.executable, "-c", STUBBORN], environ=os.environ, log=tmp_path / "log")
        await_condition(lambda: "grandchild" in child.log.read_text())
        assert len(members_of({child.program.pid})) == 2
    assert members_of({child.program.pid}) == []


def test_a_program_has_time_to_end_by_itself(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start("polite", [sys.executable, "-c", POLITE], environ=os.environ, log=tmp_path / "log")
        await_condition(lambda: "ready" in child.log.read_text())
        assert children.ended() is None
    assert child.log.read_text().split() == ["ready", "goodbye"]
    assert child.program.returncode == 0


def test_a_program_that_ended_is_told(tmp_path: Path) -> None:
    with Children() as children:
        children.start("lasting", [sys.executable, "-c", POLITE], environ=os.environ, log=tmp_path / "lasting")
        brief = children.start(
            "brief", [sys.executable, "-c", "raise SystemExit(3)"], environ={}, log=tmp_path / "brief"
        )
        await_condition(lambda: children.ended() is brief)
    assert brief.program.returncode == 3
