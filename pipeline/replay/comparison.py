"""Two streams of documents in order of id to what differs between them, field by field; pure, and constant in memory."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import groupby
from typing import Any

from pipeline.model.rebuild import Change, Differences, FieldChanges, OneSided

MAX_SAMPLES = 3  # of each kind
MAX_CHARACTERS = 120  # of a value in a sample
#: Whose values tell a reader nothing.
OPAQUE = {"content_hash"}
_LEAD = 30  # characters before the place where two values part

Form = Mapping[str, Any]


def compare_documents(live: Iterable[Form], rebuilt: Iterable[Form]) -> Differences:
    """Return what differs. Both sides are JSON forms of documents, each once, in ascending order of ``id``."""
    counts, documents = Counter[str](), Counter[str]()
    samples = defaultdict[str, list[Change]](list)
    one_sided: dict[str, list[str]] = {"live": [], "rebuilt": []}
    for before, after in _pairs(live, rebuilt):
        counts["live"] += before is not None
        counts["rebuilt"] += after is not None
        if before is None or after is None:
            side, form = ("rebuilt", after) if before is None else ("live", before)
            assert form is not None
            counts[f"only {side}"] += 1
            if len(one_sided[side]) < MAX_SAMPLES:
                one_sided[side].append(str(form.get("url")))
            continue
        changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
        counts["changed"] += bool(changed)
        for name in changed:
            documents[name] += 1
            if len(samples[name]) < MAX_SAMPLES and name not in OPAQUE:
                samples[name].append(_change(name, before, after))
    return Differences(
        live_documents=counts["live"],
        rebuilt_documents=counts["rebuilt"],
        only_live=OneSided(documents=counts["only live"], samples=tuple(one_sided["live"])),
        only_rebuilt=OneSided(documents=counts["only rebuilt"], samples=tuple(one_sided["rebuilt"])),
        changed=counts["changed"],
        fields=tuple(
            FieldChanges(field=name, documents=count, samples=tuple(samples[name]))
            for name, count in sorted(documents.items(), key=lambda each: (-each[1], each[0]))
        ),
    )


def _pairs(live: Iterable[Form], rebuilt: Iterable[Form]) -> Iterator[tuple[Form | None, Form | None]]:
    """Yield the two sides of each id, None where a side has none."""
    sides = merge(((form["id"], 0, form) for form in live), ((form["id"], 1, form) for form in rebuilt))
    for _, group in groupby(sides, key=lambda each: each[0]):
        pair: list[Form | None] = [None, None]
        for _, side, form in group:
            pair[side] = form
        yield pair[0], pair[1]


def _change(name: str, before: Form, after: Form) -> Change:
    left, right = _shorten(_write(before.get(name)), _write(after.get(name)))
    return Change(id=str(before["id"]), url=str(after.get("url")), before=left, after=right)


def _write(value: object) -> str:
    """Return text as it is, nothing as nothing, and everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _shorten(left: str, right: str) -> tuple[str, str]:
    """Cut both to a window around the first character in which they differ."""
    parts_at = next(
        (at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
    begins = max(0, parts_at - _LEAD) if max(len(left), len(right)) > MAX_CHARACTERS else 0
    return _cut(left, begins), _cut(right, begins)


def _cut(text: str, begins: int) -> str:
    ends = begins + MAX_CHARACTERS
    return ("…" if begins and text else "") + text[begins:ends] + ("…" if len(text) > ends else "")
