"""The receiver's code that docs/alerts.md shows tells our messages from others', and new ones from old ones."""

import re
import textwrap
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.alerts.signing import make_secret, sign_message

BODY = b'{"type":"newswire.alert"}'
SECRET = make_secret()
Verify = Callable[[str, Mapping[str, str], bytes], bool]


@pytest.fixture(scope="module")
def is_from_newswire() -> Verify:
    page = (Path(__file__).parents[2] / "docs/alerts.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^    import base64.*?(?=^\S)", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Verify] = {}
    exec(compile(textwrap.dedent(block), "docs/alerts.md", "exec"), names)
    return names["is_from_newswire"]


def signed(after: float = 0) -> dict[str, str]:
    return sign_message(SECRET, "alert-1", datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=after), BODY)


@pytest.mark.parametrize("after", [0, -290, 290])
def test_what_we_send_is_believed(is_from_newswire: Verify, after: float) -> None:
    assert is_from_newswire(SECRET, signed(after), BODY)


@pytest.mark.parametrize("after", [-310, 310, -1e9])
def test_an_old_message_is_not_believed_again(is_from_newswire: Verify, after: float) -> None:
    assert not is_from_newswire(SECRET, signed(after), BODY)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "alert-2"},
        {"webhook-timestamp": str(int(time.time()) + 60)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ä"},
    ],
)
def test_a_changed_head_is_not_believed(is_from_newswire: Verify, changed: dict[str, str]) -> None:
    assert not is_from_newswire(SECRET, signed() | changed, BODY)


def test_a_changed_body_and_another_secret_are_not_believed(is_from_newswire: Verify) -> None:
    assert not is_from_newswire(SECRET, signed(), BODY + b" ")
    assert not is_from_newswire(make_secret(), signed(), BODY)
