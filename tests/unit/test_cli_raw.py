"""Raw queries from files, as they are pasted from the cookbook."""

from pathlib import Path

import pytest

from pipeline.cli.raw import RawQuery, read_raw
from pipeline.errors import UsageError

BODY = '{"size": 0}'


@pytest.mark.parametrize(
    ("content", "alias", "is_of_versions"),
    [
        (BODY, "articles", False),
        (f"\nGET articles/_search\n{BODY}\n", "articles", False),
        (f"GET article-versions/_search\n{BODY}", "articles", True),
        (f"POST /article-versions/_search\r\n{BODY}", "papers", True),
        (f"GET paper-versions/_search\n{BODY}", "papers", True),
        (f"GET x/_search\n{BODY}", "x", False),
    ],
)
def test_the_first_line_says_what_is_asked(tmp_path: Path, content: str, alias: str, *, is_of_versions: bool) -> None:
    (tmp_path / "body").write_text(content)
    assert read_raw(tmp_path / "body", alias) == RawQuery({"size": 0}, is_of_versions)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "GET other/_search\n{}",
            "begins with GET other/_search; --dsl asks GET articles/_search or GET article-versions/",
        ),
        ("DELETE _pit\n{}", "begins with DELETE _pit; --dsl asks"),
        ("GET articles/_search\n", "is no JSON"),
        ("[]", "holds no JSON object"),
        ("\ud800", "is no JSON"),
    ],
)
def test_what_is_no_search_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "body").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError, match=message):
        read_raw(tmp_path / "body", "articles")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_raw(tmp_path / "none", "articles")
