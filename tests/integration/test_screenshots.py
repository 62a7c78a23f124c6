"""The pictures in docs/ can be taken anew: the script starts Airflow and has a real Chromium draw its pages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.screenshots import DESK, PAGES, VIEWS

ROOT = Path(__file__).parents[2]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: A page that only says that it is loading, or that something failed, is drawn in a fifth of this.
LEAST_BYTES = 25_000


@pytest.mark.slow
@pytest.mark.usefixtures("chromium_program")
def test_every_view_is_drawn(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.screenshots", str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert result.returncode == 0, result.stdout + result.stderr
    for name, size in (dict.fromkeys(VIEWS, DESK) | PAGES).items():
        picture = (tmp_path / f"{name}.png").read_bytes()
        assert picture.startswith(SIGNATURE)
        assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == size
        assert len(picture) > LEAST_BYTES, name


def test_the_docs_show_only_what_the_script_draws() -> None:
    text = "".join(page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")))
    assert set(re.findall(r"pictures/([\w-]+)\.png", text)) == {*VIEWS, *PAGES}
