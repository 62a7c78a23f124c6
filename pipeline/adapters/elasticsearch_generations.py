"""Generations in Elasticsearch: which indices belong together, which stand behind the alias, and how the alias moves.

A promotion and a writer may meet. Three things keep what is written:

- While the last documents are brought over, the old indices take no writes: ``close`` blocks them, after the server has
  ended the writes under way. A writer that meets the block asks again which generation is live.
- An index that a writer makes gets the alias only while its generation has it: in one call of the server's (``_join_alias``),
  or from the index template that ``newswire index grants`` made, which moves just before the alias does.
- A writer asks once more after its write; if another generation is live by then, it writes to that one as well.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from elasticsearch import ApiError, AuthorizationException, Elasticsearch, NotFoundError

from pipeline.errors import StoreUnavailable, StoreUnusable, UsageError
from pipeline.index import mapping as names
from pipeline.index.mapping import Generation
from pipeline.index.roles import live_template, template_name


class Generations:
    """The indices of one alias on one server. Raises what the client raises, and UsageError for what only a user can mend."""

    def __init__(self, client: Elasticsearch, alias: str, url: str, mapping: Mapping[str, Any]) -> None:
        """Ask nothing yet."""
        self._client = client
        self._alias = alias
        self._url = url
        self._mapping = mapping
        self.fingerprint = names.fingerprint(mapping)

    def live(self) -> tuple[Generation | None, list[str]]:
        """Return the live generation, whatever its mapping, and its indices."""
        indices = sorted(self.behind_alias())
        generations = {names.parse_index(index, self._alias) for index in indices}
        if None in generations or len(generations) > 1:
            message = (
                f"the alias {self._alias} at {self._url} points to indices that do not belong together: "
                f"{', '.join(indices[:5])}; remove it from those that are not one generation of Newswire's"
            )
            raise StoreUnusable(message)
        return next(iter(generations), None), indices

    def target(self, name: str | None) -> tuple[Generation, list[str]]:
        """Return the generation to write to, default the live one. Raises UsageError where its mapping is not ours.

        Where nothing is live yet, the first generation of our mapping is to be.
        """
        if name is None:
            live, indices = self.live()
            generation = live or Generation(self._alias, self.fingerprint)
        else:
            generation, indices = self.named(name)
        names.check_fingerprint(generation, self.fingerprint)
        return generation, indices

    def named(self, name: str) -> tuple[Generation, list[str]]:
        """Return the generation of that name and its indices."""
        for generation, indices in self.all().items():
            if generation.name == name:
                return generation, indices
        message = f"there is no generation {name!r}; newswire index status lists them"
        raise UsageError(message)

    def all(self) -> dict[Generation, list[str]]:
        """Return the indices of each generation."""
        generations: dict[Generation, list[str]] = {}
        for index in sorted(self._client.indices.get_alias(index=f"{self._alias}-*")):
            generation = names.parse_index(index, self._alias)
            if generation:
                generations.setdefault(generation, []).append(index)
        return generations

    def ours(self) -> dict[Generation, list[str]]:
        """Return the indices of each generation of our mapping."""
        return {each: indices for each, indices in self.all().items() if each.fingerprint == self.fingerprint}

    def behind_alias(self) -> set[str]:
        """Return the indices that readers see."""
        try:
            return set(self._client.indices.get_alias(name=self._alias))
        except NotFoundError:
            if self._client.indices.exists(index=self._alias):
                message = (
                    f"{self._alias} at {self._url} is an index, but Newswire needs that name for an alias: rename it"
                )
                raise StoreUnusable(message) from None
            return set()

    def create(self, generation: Generation, indices: Iterable[str], *, beside: list[str] | None) -> bool:
        """Create what is missing. Two writers may do so at once: the second finds it done.

        ``beside`` is for the live generation: the indices that it has; tell whether it is live still, and open to writes.
        """
        meta = {**self._mapping["mappings"]["_meta"], "fingerprint": generation.fingerprint}
        is_live = True
        for index in sorted(indices):
            is_ours = True
            try:
                self._client.indices.create(
                    index=index,
                    settings=self._mapping["settings"],
                    mappings={**self._mapping["mappings"], "_meta": meta},
                )
            except ApiError as error:
                if error.error != "resource_already_exists_exception":
                    raise
                is_ours = False
            if beside is not None and not self._join_alias(index, beside):
                is_live = False
                if is_ours:
                    self._delete_unused(index)
        return is_live

    def move_alias(self, generation: str) -> None:
        """Put the alias on that generation alone, in one call, and let it be written to."""
        wanted, indices = self.named(generation)
        self.open(indices)
        self._move_template(wanted)
        while actions := names.alias_actions(self._alias, self.behind_alias(), indices):
            self._client.indices.update_aliases(actions=actions)  # once, unless a writer just gave an index the alias

    def close(self) -> list[str]:
        """Let the live generation take no more writes, once those under way have ended; return its indices."""
        closed: set[str] = set()
        while waiting := set(self.behind_alias()) - closed:  # a writer may add one meanwhile
            for index in sorted(waiting):
                answer = self._client.indices.add_block(index=index, block="write")
                if not answer["shards_acknowledged"]:
                    message = f"{index} at {self._url} could not be closed to writers; is every shard there?"
                    raise StoreUnavailable(message)
            closed |= waiting
        return sorted(closed)

    def open(self, indices: list[str]) -> None:
        """Let these indices take writes again."""
        if closed := self._closed(indices):
            self._client.indices.put_settings(index=closed, settings={"index.blocks.write": None})

    def lift_blocks(self) -> None:
        """Let all of our indices be read again, whoever blocked that; what blocks writes is a promotion's, or the server's.

        A writer's right to block writes is one to block all else, which hides an index from every call but these: it is
        asked for by its name, and the block of the metadata is lifted alone and first.
        """
        for alias in (self._alias, names.versions_alias(self._alias)):
            found = self._client.indices.resolve_index(name=f"{alias}-*")["indices"]
            if ours := [each["name"] for each in found if names.parse_index(each["name"], alias)]:
                for block in ("metadata", "read"):
                    self._client.indices.put_settings(index=ours, settings={f"index.blocks.{block}": None})

    def delete(self, generation: str) -> None:
        """Delete the indices by their full names: many servers refuse patterns here."""
        _, indices = self.named(generation)
        if self.behind_alias() & set(indices):
            message = f"{generation} is live: promote another generation before dropping it"
            raise UsageError(message)
        for index in indices:
            self._client.indices.delete(index=index, ignore_unavailable=True)

    def delete_accidents(self, indices: Iterable[str]) -> None:
        """Delete those that the server made by itself, without our mapping, for a write that came after a deletion."""
        found = self._client.indices.get_mapping(index=sorted(indices), ignore_unavailable=True)
        for index, each in found.items():
            if "_meta" not in each["mappings"]:
                self._client.indices.delete(index=index, ignore_unavailable=True)

    def _join_alias(self, index: str, beside: list[str]) -> bool:
        """Give the index the alias, if its sisters have it still and take writes; the first of all gets it anyhow."""
        if index not in self.behind_alias():
            actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": self._alias}}]
            if beside:
                sister = {"index": beside[0], "alias": self._alias}
                actions = [{"remove": {**sister, "must_exist": True}}, {"add": sister}, *actions]
            try:
                self._client.indices.update_aliases(actions=actions)
            except NotFoundError:
                return False
            except AuthorizationException as error:
                message = (
                    f"the new index {index} at {self._url} has no alias, and this key may not give it one: a promotion is "
                    "just moving readers, or the index template is missing; then run newswire index grants"
                )
                raise StoreUnavailable(message) from error
        # A promotion that closed the sisters before this may not have seen the new one: then it has to wait as they do.
        if self._closed(beside):
            self._client.indices.add_block(index=index, block="write")
        return True

    def check_disk(self, indices: list[str]) -> None:
        """Raise StoreUnavailable where the server, or a person, made an index read-only: no promotion will open it."""
        blocked = self._with_setting(indices, "index.blocks.read_only*")
        if blocked:
            message = (
                f"{blocked[0]} at {self._url} takes no writes: it is read-only, as Elasticsearch makes an index when the disk is "
                "nearly full (flood stage); free space there, or unset index.blocks.read_only if a person set it"
            )
            raise StoreUnavailable(message)

    def is_closed(self, indices: list[str]) -> bool:
        """Tell whether a promotion holds writers back from one of these."""
        return bool(self._closed(indices))

    def _delete_unused(self, index: str) -> None:
        """Delete an index that never had the alias, so that nobody has written to it."""
        try:
            self._client.indices.delete(index=index, ignore_unavailable=True)
        except AuthorizationException:
            # A writer's key deletes nothing: the index stays, empty and out of readers' sight, as long as its generation.
            return

    def _move_template(self, generation: Generation) -> None:
        """Let the next month's index of that generation have the alias from its start, where a template does that here."""
        name = template_name(self._alias)
        if self._client.indices.exists_index_template(name=name):
            self._client.indices.put_index_template(name=name, **live_template(generation))

    def _closed(self, indices: list[str]) -> list[str]:
        return self._with_setting(indices, "index.blocks.write")

    def _with_setting(self, indices: list[str], name: str) -> list[str]:
        """Return those of the indices that have a setting of that name which is true."""
        if not indices:  # for the server, none named are all that there are, other people's as well
            return []
        found = self._client.indices.get_settings(index=indices, name=name, flat_settings=True, ignore_unavailable=True)
        return [index for index, each in found.items() if "true" in each["settings"].values()]
