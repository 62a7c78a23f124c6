"""When a saved search alerts: how conditions are written, and the rule of each. Pure: counts and times are given.

| written | alerts |
|---|---|
| ``any`` | for each document found |
| ``first`` | once: for the first document ever |
| ``together:30d`` | for a document that names both, where none did in the 30 days before it |
| ``volume`` | when the documents of the last 24 hours are unusually many, at most once a day |
| ``silence:24h`` | when nothing came for 24 hours of listening: once, and again only after a newer document |
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.errors import UsageError
from pipeline.model.alert import Condition, ConditionKind, is_in_days
from pipeline.model.query import Query
from pipeline.search.expression import Every, Expression, Field, Some, Term
from pipeline.search.grammar import parse_text

#: The days before the last one that tell what is usual: four weeks, so that each weekday counts alike.
USUAL_DAYS = 28
#: With fewer days in the index nothing can be called unusual.
LEAST_DAYS = 7
#: Fewer documents in a day are never unusual: three after none are chance.
LEAST_VOLUME = 5
#: Of so many days one may have been a burst.
BURST_EVERY = 14
#: How seldom so many may come by chance, for them to be unusual: one day in a thousand.
CHANCE = 0.001

_DAY = timedelta(days=1)
_LONGEST = 3660  # days
_DEFAULTS = {
    ConditionKind.TOGETHER: timedelta(days=30),
    ConditionKind.SILENCE: timedelta(hours=24),
}
_NAMES = frozenset({Field.PERSON, Field.ORGANIZATION, Field.PLACE, Field.SPEAKER, Field.ENTITY})
_EXAMPLES = "any, first, together:30d, volume, silence:24h"


@dataclass(frozen=True, slots=True)
class Volume:
    """The documents of the last day, and how many a day are usual."""

    count: int
    usual: float

    def __str__(self) -> str:
        return f"{self.count} documents in 24 hours, usually {self.usual:.1f}"


def read_condition(text: str) -> Condition:
    """Return what ``kind`` or ``kind:30d`` or ``kind:12h`` means. Raises UsageError saying what can be written."""
    name, colon, span = text.strip().lower().partition(":")
    if name not in set(ConditionKind):
        raise UsageError(f"--when is {text!r}; write one of: {_EXAMPLES}")
    kind = ConditionKind(name)
    if kind not in _DEFAULTS:
        if colon:
            raise UsageError(f"--when is {text!r}; {kind} takes no time: write {kind}")
        return Condition(kind=kind)
    return Condition(kind=kind, span=_read_span(text, span) if colon else _DEFAULTS[kind])


def check_condition(condition: Condition, query: Query) -> None:
    """Raise UsageError where the condition can never come true for the query, or would without meaning."""
    if condition.kind is ConditionKind.TOGETHER and count_names(query) < 2:  # noqa: PLR2004 - two are together
        raise UsageError(
            f"--when {condition} needs a query that requires two names, such as person:raisi place:minsk, "
            "or --person and --place; for one name, or for words, there is --when first"
        )


def count_names(query: Query) -> int:
    """Return how many names whatever is found must have: those of the text, and one for each filter by names."""
    filters = sum(bool(values) for values in (query.people, query.organizations, query.places, query.entities))
    return filters + _required_names(parse_text(query.text))


def judge_volume(counts: Sequence[int], whole_index: Sequence[int]) -> Volume | None:
    """Return the volume where the last of the daily counts is unusually high; None where it is not, or nobody can tell.

    Days before the index had any document say nothing and are left out. The count is unusual where so many come by chance on
    less than one day in a thousand, if days are as those before were: by the negative binomial distribution with their mean
    and variance, but at least that of a Poisson distribution whose mean is known from so many days alone. The highest days
    count as the next lower one: a burst of last week must not hide this one.
    """
    known = next((day for day, count in enumerate(whole_index[:-1]) if count), len(whole_index))
    history, count = sorted(counts[known:-1]), counts[-1]
    days = len(history)
    if days < LEAST_DAYS or count < LEAST_VOLUME:
        return None
    bursts = -(-days // BURST_EVERY)
    history[-bursts:] = [history[-bursts - 1]] * bursts
    mean = (sum(history) + 0.5) / days  # Jeffreys' prior: what never came may come
    spread = sum((each - mean) ** 2 for each in history) / (days - 1)
    variance = max(spread, mean * (1 + 1 / days))
    if count <= mean or _tail(count, mean, variance) >= CHANCE:
        return None
    return Volume(count, sum(history) / days)


def is_silent(last_at: datetime | None, begun_at: datetime, span: timedelta, now: datetime) -> bool:
    """Tell whether there was nothing for so long, since the last document or, if that is later, since somebody listens."""
    return now >= silent_at(last_at, begun_at, span)


def silent_at(last_at: datetime | None, begun_at: datetime, span: timedelta) -> datetime:
    """Return when it is silent if nothing comes; where it was silent before somebody listens, so long after that."""
    return max(begun_at, last_at or begun_at) + span


def day_edges(now: datetime) -> tuple[datetime, ...]:
    """Return the times between which documents are counted for ``judge_volume``: days of 24 hours that end now."""
    return tuple(now - day * _DAY for day in range(USUAL_DAYS + 1, -1, -1))


def span_in_words(span: timedelta) -> str:
    """Return whole days or hours, such as ``30 days``."""
    hours = int(span.total_seconds()) // 3600
    number, unit = (hours // 24, "day") if is_in_days(span) else (hours, "hour")
    return f"{number} {unit}" + ("s" if number != 1 else "")


def _tail(count: int, mean: float, variance: float) -> float:
    """Return the chance of so many or more under the negative binomial distribution."""
    size = mean**2 / (variance - mean)
    below = sum(
        math.exp(
            math.lgamma(size + each)
            - math.lgamma(size)
            - math.lgamma(each + 1)
            + size * math.log(mean / variance)
            + each * math.log1p(-mean / variance)
        )
        for each in range(count)
    )
    return max(1 - below, 0.0)


def _read_span(text: str, span: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([hd])", span)
    length = timedelta(**{{"h": "hours", "d": "days"}[found[2]]: int(found[1])}) if found else None
    if length is None or length > timedelta(days=_LONGEST):
        raise UsageError(
            f"--when is {text!r}; write a time in hours or days behind the colon, such as 12h or 30d, at most {_LONGEST}d"
        )
    return length


def _required_names(expression: Expression | None) -> int:
    match expression:
        case Term(field=field):
            return int(field in _NAMES)
        case Every(parts):
            return sum(_required_names(part) for part in parts)
        case Some(parts):
            return min(_required_names(part) for part in parts)
    return 0
