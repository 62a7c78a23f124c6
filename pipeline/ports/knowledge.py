"""What is known of entities beyond one text."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pipeline.model.known import Decision, KnownEntity


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """How many entities are new, how many took the place of an older one, and the ids that had been added just now."""

    new: int = 0
    replaced: int = 0
    repeated: frozenset[str] = frozenset()


class KnownNames(Protocol):
    """What annotating a text asks of what is known."""

    def candidates(self, asked: Sequence[Collection[int]], *, limit: int) -> tuple[tuple[KnownEntity, ...], ...]:
        """Return for each collection of keys the entities under its rarest ones, at most ``limit``, in order of id.

        A key counts whole or not at all, so that the answer does not depend on what came in first: one that more than
        ``limit`` entities share tells too little.
        """
        ...

    def decisions(self) -> tuple[Decision, ...]:
        """Return every decision, oldest first."""
        ...


class Knowledge(KnownNames, Protocol):
    """Keeps watch-lists, and what people decided. Every method is one transaction; none reads more than it is asked for."""

    def add_known(self, entities: Sequence[tuple[KnownEntity, Collection[int]]], now: datetime) -> Added:
        """Keep entities, each under the keys that its names are found by, instead of what had its id before ``now``.

        Keys are of 32 bits, with a sign.
        What was added at the same ``now`` stays: in one import, the first of an id counts.
        """
        ...

    def forget_known(self, source: str) -> int:
        """Forget every entity of a source; return how many. Decisions stay."""
        ...

    def known(self, ids: Collection[str]) -> Mapping[str, KnownEntity]:
        """Return those of these entities that are known, by id."""
        ...

    def all_known(self, *, since: str = "") -> Iterator[KnownEntity]:
        """Yield every entity whose id sorts after ``since``, in order of id, constant in memory."""
        ...

    def count_known(self) -> int:
        """Return how many entities are known."""
        ...

    def decide(self, decisions: Sequence[Decision]) -> None:
        """Keep decisions, each instead of what was decided on the same subject and spelling."""
        ...

    def revoke(self, decisions: Sequence[Decision]) -> None:
        """Forget decisions."""
        ...
