"""How far a misspelt word is from another."""

import pytest

from pipeline.adapters.sqlite_like import count_edits


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("strike", "strike", 0),
        ("strkie", "strike", 1),
        ("strkie", "stroke", 2),
        ("harvst", "harvest", 1),
        ("harvset", "harvest", 1),
        ("wheat", "heat", 1),
        ("", "abc", 3),
        ("abc", "", 3),
        ("ca", "abc", 3),
    ],
)
def test_edits(one: str, other: str, edits: int) -> None:
    assert count_edits(one, other) == edits
