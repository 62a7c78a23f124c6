"""`make demo` does what the README shows, and does it again."""

import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_ports(count: int) -> list[str]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in probes]


def run_demo(home: Path, ports: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", "--newsroom-ports", *ports],
        cwd=ROOT,
        env=os.environ | {"NEWSWIRE_DEMO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_second_run_finds_nothing_new(tmp_path: Path) -> None:
    ports = free_ports(3)
    first = run_demo(tmp_path, ports)
    assert first.returncode == 0, first.stdout + first.stderr
    assert re.search(r"fetch \S+: \d+ captures, \d+ new entries", first.stdout)
    assert re.search(r"extract \S+: \d+ documents", first.stdout)
    assert re.search(r"index \S+: \d+ written", first.stdout)
    assert "balanced: seen = pending + fates" in first.stdout
    assert re.search(r"people +organizations +places", first.stdout)
    assert "Valparaíso" in first.stdout
    assert "1 new version" in first.stdout
    _assert_one_event_is_shown(first.stdout)

    second = run_demo(tmp_path, ports)
    assert second.returncode == 0, second.stdout + second.stderr
    assert re.search(r"fetch \S+: 0 captures, 3 feeds not modified", second.stdout)
    assert "balanced: seen = pending + fates" in second.stdout
    _assert_one_event_is_shown(second.stdout)


def _assert_one_event_is_shown(shown: str) -> None:
    assert "[-61-] {+16+}" in " ".join(shown.split())
    assert "CORRECTED" in shown
    assert re.search(r"reprint of “.*” · The Meridian Review", shown)
    assert re.search(r"^\w{16} +4 +3 .* (de en|en de) +", shown, re.MULTILINE)


@pytest.mark.slow
def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run_demo(tmp_path, [port, "0", "0"])
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in result.stderr
