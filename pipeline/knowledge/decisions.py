"""Merging and splitting entities: checked, kept, and applied to the documents that are indexed already.

A decision is kept first and applied then, so that one that is broken off while documents are rewritten can be repeated, and
nothing that is annotated meanwhile escapes it.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from itertools import islice
from typing import Any

from pipeline.enrich.linking import Decisions, Identity, spelling_number
from pipeline.enrich.names.keys import name_key
from pipeline.enrich.spelling import fold_name, slug_of
from pipeline.errors import UsageError
from pipeline.knowledge.documents import Form, part_spellings, relink_form
from pipeline.model.entity import Kind
from pipeline.model.known import Action, Decision
from pipeline.model.query import Query
from pipeline.ports import Knowledge, SearchStore

log = logging.getLogger(__name__)

_PIECE = 100  # documents
_MOST_NAMESAKES = 1_000
_MOST_SEARCHED = 100  # documents
_MOST_TOLD = 10  # ids


class Deciding:
    """Decides on entities, over what is known and the documents that are indexed."""

    def __init__(self, knowledge: Knowledge, store: SearchStore, now: datetime) -> None:
        """Keep them."""
        self._knowledge = knowledge
        self._store = store
        self._now = now

    def merge(self, kept: str, merged: str, *, on_progress: Callable[[int], None] = lambda _: None) -> int:
        """Say that the second is the first, whatever names it, from now on and in what is indexed; return how many documents.

        A merge that stands already is applied again: it may have been broken off. Raises UsageError for an id that nothing is
        known of, for two kinds, and for a merge that would run in a circle.
        """
        one, other = self.identify(kept), self.identify(merged)
        if one.id == other.id and merged in self._decisions.merges:
            return self.apply(merged, on_progress=on_progress)
        if one.id == other.id:
            gone = [each for each in dict.fromkeys((merged, kept)) if each != one.id]
            undo = f"newswire entities split {one.id} {' '.join(gone)} takes it back"
            raise UsageError(
                f"already merged into {one.id}: {', '.join(gone)}; {undo}" if gone else f"{merged} is {one.id} already"
            )
        kind, other_kind = self._kind_of(one.id), self._kind_of(other.id)
        if kind and other_kind and kind is not other_kind:
            raise UsageError(f"{one.id} is of kind {kind}, and {other.id} of kind {other_kind}: no merge")
        decision = Decision(action=Action.MERGE, subject=other.id, target=one.id, name=one.name, decided_at=self._now)
        self._keep([decision])
        return self.apply(other.id, on_progress=on_progress)

    def split(
        self, entity_id: str, parts: Sequence[str], *, on_progress: Callable[[int], None] = lambda _: None
    ) -> int:
        """Say that each part is not the entity: a spelling of its name, or an id that was merged into it before.

        A spelling gets an id of its own. Return how many documents changed. Raises UsageError for what is no part of the entity.
        """
        merged = self._decisions.merges
        known = self.identify(entity_id)
        undone = [merged[part] for part in parts if part in merged and merged[part].target in {entity_id, known.id}]
        others = [part for part in parts if part not in {each.subject for each in undone}]
        # An id whose merge was taken back by a command that was broken off before all documents said so.
        begun = {part: self._part_merged(known.id, part, on_progress) for part in others if _is_id(part)}
        new = [self._split_decision(known, part) for part in others if not begun.get(part)]
        self._knowledge.revoke(undone)
        self._keep(new)
        changed = sum(self._part_merged(known.id, each.subject, on_progress) for each in undone)
        return sum(begun.values()) + changed + (self.apply(known.id, on_progress=on_progress) if new else 0)

    def adopt(self, decisions: Sequence[Decision]) -> int:
        """Keep decisions that were taken elsewhere, and apply them; return how many documents changed."""
        self._keep(decisions)
        return self._apply_all(decisions)

    def apply_since(self, moment: datetime) -> int:
        """Apply the decisions taken since then again; return how many documents changed.

        For what was annotated before a decision, and indexed only after it was applied.
        """
        return self._apply_all([each for each in self._knowledge.decisions() if each.decided_at >= moment])

    def identify(self, entity_id: str) -> Identity:
        """Return who the id stands for after all merges. Raises UsageError where nothing is known of it."""
        if found := self._identity_of(entity_id):
            return found
        raise UsageError(
            f"nothing is known of the entity {entity_id!r}: no watch-list has it, and no document names it; "
            "newswire entities show NAME tells the id of whoever has that name"
        )

    def find(self, asked: str) -> Identity:
        """Return who has this id, else who has this name. Raises UsageError where nobody has it, or several have the name."""
        if found := self._identity_of(asked):
            return found
        ids = self._ids_of(asked)
        if len(ids) > 1:
            some = f"{', '.join(ids[:_MOST_TOLD])}{' …' if len(ids) > _MOST_TOLD else ''}"
            raise UsageError(f"{asked!r} is a name of {len(ids)} entities: {some}; name one of these ids")
        return self.identify(ids[0] if ids else asked)

    def apply(self, entity_id: str, *, on_progress: Callable[[int], None] = lambda _: None) -> int:
        """Rewrite the documents that name the entity as the decisions have it; return how many changed."""
        decisions = self._decisions

        def identify(entity: Form, text: str) -> list[dict[str, Any]]:
            return _decided(entity, text, decisions) if entity["id"] == entity_id else [dict(entity)]

        return self._rewrite(entity_id, identify, on_progress)

    def _apply_all(self, decisions: Sequence[Decision]) -> int:
        return sum(self.apply(subject) for subject in dict.fromkeys(decision.subject for decision in decisions))

    @cached_property
    def _decisions(self) -> Decisions:
        """All decisions, read once, and again after a new one."""
        return Decisions.of(self._knowledge.decisions())

    def _keep(self, decisions: Sequence[Decision]) -> None:
        self._knowledge.decide(decisions)
        self.__dict__.pop("_decisions", None)

    def _part_merged(self, entity_id: str, other_id: str, on_progress: Callable[[int], None]) -> int:
        """Give the spellings back to an entity that was merged: a watch-list's by its names, another by what its id says."""
        known = self._knowledge.known([other_id]).get(other_id)
        names = {fold_name(name) for name in known.names} if known else set()

        def is_other(kind: Kind, alias: str) -> bool:
            return fold_name(alias) in names or f"{kind}:{name_key(kind, alias)}" == other_id

        def identify(entity: Form, text: str) -> list[dict[str, Any]]:
            if entity["id"] != entity_id:
                return [dict(entity)]
            kind = Kind(entity["kind"])
            own, other = part_spellings(entity, text, lambda alias: is_other(kind, alias))
            if other is None:
                return [dict(entity)]
            called = known.name if known else next(alias for alias in other["aliases"] if is_other(kind, alias))
            return [*([own] if own else []), {**other, "id": other_id, "name": called}]

        return self._rewrite(entity_id, identify, on_progress)

    def _rewrite(
        self, entity_id: str, identify: Callable[..., list[dict[str, Any]]], on_progress: Callable[[int], None]
    ) -> int:
        count, changed = 0, set[str]()

        def relink(form: Form) -> Form:
            new = relink_form(form, partial(identify, text=form["text"]))
            if new != form:
                changed.add(form["id"])
            return new

        ids = (str(form["id"]) for form in self._store.naming(entity_id, everywhere=True))
        while piece := list(islice(ids, _PIECE)):
            for key, why in self._store.revise(piece, relink).items():
                log.error(
                    "%s keeps the entity as it was, for the index refused the change; replay its day: %s", key, why
                )
                changed.discard(key)
            count += len(changed)
            changed.clear()
            on_progress(len(piece))
        return count

    def _split_decision(self, known: Identity, spelling: str) -> Decision:
        folded = fold_name(spelling)
        kind = self._kind_of(known.id) or Kind.PERSON
        if not folded or not self._has_spelling(known.id, folded):
            raise UsageError(
                f"{spelling!r} is no spelling of {known.id}, nor was an entity of that id merged into it; "
                f"newswire entities show {known.id} lists both"
            )
        target = f"{kind}:{name_key(kind, spelling)}"
        if target == known.id:  # both are read alike: the spelling itself must tell them apart
            target = f"{kind}:{slug_of(spelling)}"
        if target == known.id:
            target = f"{target}~2"
        return Decision(
            action=Action.SPLIT, subject=known.id, target=target, spelling=folded, name=spelling, decided_at=self._now
        )

    def _identity_of(self, entity_id: str) -> Identity | None:
        identity = self._decisions.merge(Identity(id=entity_id, name=""))
        name = self._name_of(identity.id)
        if name is None and identity.id == entity_id and entity_id not in self._decisions.targets:
            return None
        return Identity(id=identity.id, name=name or identity.name or entity_id)

    def _ids_of(self, name: str) -> list[str]:
        """Return whose name or spelling it is, after all merges: in watch-lists, and in the documents that match it best."""
        folded = fold_name(name)
        [known] = self._knowledge.candidates([{spelling_number(folded)}], limit=_MOST_NAMESAKES)
        ids = [each.id for each in known if folded in {fold_name(other) for other in each.names}]
        phrase = " ".join(name.replace('"', " ").split())
        queries = [Query(text=f'"{phrase}"')] if phrase else []
        queries += [Query(people=(name,)), Query(organizations=(name,)), Query(places=(name,))]
        hits = dict.fromkeys(
            hit.id for query in queries for hit in self._store.search(replace(query, limit=_MOST_SEARCHED)).hits
        )
        for form in filter(None, map(self._store.document, hits)):
            ids += [
                str(entity["id"])
                for entity in form["entities"]
                if folded in {fold_name(other) for other in (entity["name"], *entity["aliases"])}
            ]
        return list(dict.fromkeys(self._decisions.merge(Identity(id=each, name="")).id for each in ids))

    def _has_spelling(self, entity_id: str, folded: str) -> bool:
        known = self._knowledge.known([entity_id]).get(entity_id)
        if known and folded in {fold_name(name) for name in known.names}:
            return True
        return any(folded in {fold_name(name) for name in entity["aliases"]} for entity in self._entities(entity_id))

    def _name_of(self, entity_id: str) -> str | None:
        known = self._knowledge.known([entity_id]).get(entity_id)
        return known.name if known else next((str(entity["name"]) for entity in self._entities(entity_id)), None)

    def _kind_of(self, entity_id: str) -> Kind | None:
        known = self._knowledge.known([entity_id]).get(entity_id)
        return known.kind if known else next((Kind(entity["kind"]) for entity in self._entities(entity_id)), None)

    def _entities(self, entity_id: str) -> Iterator[Form]:
        for form in self._store.naming(entity_id):
            yield from (entity for entity in form["entities"] if entity["id"] == entity_id)


def _decided(entity: Form, text: str, decisions: Decisions) -> list[dict[str, Any]]:
    """Return the entity as the decisions have it: split spellings apart, then each part merged."""
    own: dict[str, Any] | None = dict(entity)
    parts: list[dict[str, Any]] = []
    for decision in decisions.splits.get(entity["id"], ()):
        if own is not None:
            own, other = part_spellings(own, text, partial(_is_spelled, spelling=decision.spelling))
            if other is not None:
                parts.append({**other, "id": decision.target, "name": decision.name or other["name"]})
    merged = decisions.merge(Identity(id=entity["id"], name=own["name"] if own else entity["name"]))
    first = [{**own, "id": merged.id, "name": merged.name}] if own is not None else []
    return [*first, *parts]


def _is_id(part: str) -> bool:
    return part.partition(":")[0] in set(Kind)


def _is_spelled(alias: str, spelling: str) -> bool:
    return fold_name(alias) == spelling
