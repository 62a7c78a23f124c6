"""An article's versions one after the other, each with what was changed from the one before: what a history shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from pipeline.model.version import Edit, EditKind, Version
from pipeline.versions.difference import Form, compare_texts

#: Words of a longer kept passage that are shown at each of its ends.
CONTEXT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version; the first has no notes and no edits."""

    number: int
    #: When it was first seen, ISO 8601.
    at: str
    form: Form
    is_correction: bool = False
    #: What was changed beside the words, and how much, each in a few words.
    notes: tuple[str, ...] = ()
    #: What was kept, added and removed, in order of the text; long kept passages are cut.
    edits: tuple[Edit, ...] = ()


def list_editions(versions: Sequence[Version], current: Form | None) -> list[Edition]:
    """Return what an article said, oldest first, from its earlier versions and what is indexed now."""
    forms = [version.form for version in versions] + ([current] if current else [])
    first = versions[0].number if versions else 1
    editions = [Edition(number=first, at=form["captured_at"], form=form) for form in forms[:1]]
    for version, (before, after) in zip(versions, pairwise(forms), strict=False):
        edits = compare_texts(before["text"], after["text"])
        editions.append(
            Edition(
                number=version.number + 1,
                at=version.replaced_at.isoformat(),
                form=after,
                is_correction=version.difference.is_correction,
                notes=tuple(_note_changes(version)),
                edits=tuple(_shorten(edit) for edit in edits),
            )
        )
    return editions


def _note_changes(version: Version) -> Iterator[str]:
    difference = version.difference
    if difference.size:
        yield f"{difference.size} words changed" if difference.size != 1 else "1 word changed"
    if difference.headline_changed:
        yield f"the headline was “{version.form['headline']}”"
    if difference.date_moved:
        was = version.form.get("published")
        yield f"the date was {datetime.fromisoformat(was):%Y-%m-%d %H:%M %Z}" if was else "the date was not given"
    if difference.entities_dropped:
        yield f"no longer named: {', '.join(difference.entities_dropped)}"
    if difference.quotes_dropped:
        yield f"no longer quoted: {' … '.join(difference.quotes_dropped)}"


def _shorten(edit: Edit) -> Edit:
    words = edit.text.split()
    if edit.kind is not EditKind.KEPT or len(words) <= 2 * CONTEXT:
        return edit
    return Edit(kind=edit.kind, text=f"{' '.join(words[:CONTEXT])} … {' '.join(words[-CONTEXT:])}")
