"""Writing until what was sent stands where readers look: only what failed goes again, unless another generation went live."""

import time
from collections.abc import Collection, Sequence

from elasticsearch import Elasticsearch

from pipeline.adapters import elasticsearch_bulk as bulk
from pipeline.adapters.elasticsearch_generations import Generations
from pipeline.errors import StoreUnavailable
from pipeline.index.mapping import Generation
from pipeline.ports import Form

#: How long a writer waits for a promotion to end, in all.
PATIENCE = 60.0
_PAUSE = 0.2


class Writer:
    """Writes documents into the generations of one alias. Raises what the client raises, and our errors."""

    def __init__(self, client: Elasticsearch, generations: Generations, url: str, stemmed: Collection[str]) -> None:
        """Ask nothing yet. ``stemmed`` are the languages that the mapping has stems for."""
        self._client = client
        self._generations = generations
        self._url = url
        self._stemmed = stemmed

    def write(self, forms: Sequence[Form], name: str | None) -> dict[str, str]:
        """Write until all stands in the generation asked for; return why documents were refused, by id."""
        sendable, unsendable = bulk.check_forms(forms)
        left, sent_to, refused = sendable, None, dict[str, str]()
        enough_at = time.monotonic() + PATIENCE
        while left:
            target, indices = self._generations.target(name)
            if target != sent_to:  # what went to another generation is needed in this one, and may be taken here
                left, sent_to = sendable, target
                refused.clear()
            actions = [bulk.index_action(form, target, self._stemmed) for form in left]
            needed = {action["_index"] for action in actions}
            beside = indices if name is None else None
            if not self._generations.create(target, needed - set(indices), beside=beside):
                continue
            sent = bulk.send_actions(self._client, actions, url=self._url)
            self._client.indices.refresh(index=sorted(needed), ignore_unavailable=True)
            refused |= sent.refused
            left = [form for form in left if form["id"] in sent.held]
            if sent.held:
                self._wait(target, sorted(needed), sent, is_live=name is None, enough_at=enough_at)
            elif name is None and not self._is_still_live(target, needed):
                if time.monotonic() > enough_at:
                    message = (
                        f"the alias of {target.name} at {self._url} does not stay where it is put; who else moves it?"
                    )
                    raise StoreUnavailable(message)
                left, sent_to = sendable, None
        return unsendable | refused

    def _is_still_live(self, target: Generation, needed: set[str]) -> bool:
        """Tell whether readers see what was written; what a deletion meanwhile left behind is removed."""
        live, behind = self._generations.live()
        unseen = needed - set(behind)
        if unseen:
            self._generations.delete_accidents(unseen)
        return live == target and not unseen

    def _wait(
        self, target: Generation, indices: list[str], sent: bulk.Sent, *, is_live: bool, enough_at: float
    ) -> None:
        """Wait a moment for a promotion to end. Raises StoreUnavailable where something else holds writers, or for too long."""
        self._generations.check_disk(indices)
        if not is_live and not self._generations.behind_alias() & set(indices):
            self._generations.open(indices)  # it was live once; who names it knows what they do
        if time.monotonic() < enough_at:
            time.sleep(_PAUSE)
            return
        if not self._generations.is_closed(indices):
            bulk.check_held(sent, self._url)
        message = (
            f"{target.name} at {self._url} takes no writes since a promotion began; if none is under "
            f"way any more, end it: newswire index promote, of {target.name} or of another"
        )
        raise StoreUnavailable(message)
