"""One entity's names parted between two: what is written here holds for annotations and for documents in the index alike."""

from collections.abc import Callable, Collection, Iterable, Sequence

from pipeline.enrich.spelling import fold_name

#: Where a name stands in the text, its end exclusive, and the id of whom it names there.
Span = tuple[int, int, str]


def part_names(
    names: Sequence[str], is_other: Callable[[str], bool], named: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that stay, and those that are another's; ``named`` are those that the text has.

    A surname alone goes where the full name is that it is a part of, and stays where both have one such. Where no full name
    that the text has would stay, nothing does.
    """
    others = [name for name in names if is_other(name)]
    if not others:
        return tuple(names), ()
    own = [name for name in names if name not in others]
    followers = [name for name in own if _is_part(name, others) and not _is_part(name, own)]
    own = [name for name in own if name not in followers]
    if not any(" " in name for name in own if name in named):
        return (), tuple(names)
    return tuple(own), tuple(name for name in names if name not in own)


def rename(name: str, own: Sequence[str], others: Sequence[str]) -> str:
    """Return what an entity is called without the names that are another's: as before, unless that is one of them."""
    if fold_name(name) not in {fold_name(other) for other in others}:
        return name
    return next((each for each in own if " " in each), name)


def nearest(spans: Iterable[Span], start: int, end: int) -> str | None:
    """Return whom the text names nearest to the span, before or after it; the earlier of two as near."""
    return min(((max(left - end, start - right, 0), left, who) for left, right, who in spans), default=(0, 0, None))[2]


def _is_part(name: str, others: Iterable[str]) -> bool:
    part = fold_name(name)
    return any(f" {part} " in f" {whole} " for other in others if (whole := fold_name(other)) != part)
