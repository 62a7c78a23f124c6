"""Earlier versions of documents in Elasticsearch: an index a month, by the time of the change, behind an alias of their own."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from elasticsearch import ApiError, Elasticsearch

from pipeline.adapters import elasticsearch_bulk as bulk
from pipeline.adapters.elasticsearch_query import Json
from pipeline.errors import UsageError
from pipeline.index import mapping as names
from pipeline.index.document import milliseconds
from pipeline.index.version import read_version, version_json
from pipeline.model.version import Version

MOST = 1000


class Versions:
    """The indices ``article-versions-<fingerprint>-<YYYY.MM>``, which nothing rebuilds. Raises what the client raises."""

    def __init__(self, client: Elasticsearch, prefix: str, url: str) -> None:
        """Ask nothing yet."""
        self._client = client
        self._url = url
        self._alias = names.versions_alias(prefix)
        self._mapping = names.read_versions_mapping()
        self._family = names.versions_family(prefix)

    def keep(self, versions: Sequence[Version]) -> dict[str, str]:
        """Write the versions, each into the month of its end; return why some were refused, by the article's id."""
        forms = {self._index(each): version_json(each) for each in versions}
        for index in sorted(forms):
            self._create(index)
        actions = [{"_index": self._index(each), "_id": each.id, "_source": version_json(each)} for each in versions]
        sent = bulk.send_actions(self._client, actions, url=self._url)
        bulk.check_held(sent, self._url)
        if forms:
            self._client.indices.refresh(index=sorted(forms))
        return {each.article_id: sent.refused[each.id] for each in versions if each.id in sent.refused}

    def find(self, article_id: str | None, since: datetime | None, until: datetime | None) -> tuple[Version, ...]:
        """Return the versions that hold all that is asked, oldest first."""
        times = {bound: milliseconds(time) for bound, time in (("gte", since), ("lt", until)) if time}
        filters: list[Json] = [{"term": {"article_id": article_id}}] if article_id else []
        if times:
            filters.append({"range": {"replaced_at": {**times, "format": "epoch_millis"}}})
        body = {"query": {"bool": {"filter": filters}}, "sort": [{"replaced_at": "asc"}, {"id": "asc"}], "size": MOST}
        return tuple(read_version(hit["_source"]) for hit in self._search(body)["hits"]["hits"])

    def ask(self, body: Json) -> Json:
        """Return the answer to a body in Elasticsearch's own language. Raises UsageError before any version is kept."""
        answer = self._search(body)
        if not answer["_shards"]["total"]:
            raise UsageError(f"no article was changed yet: {self._alias} begins with the first earlier version")
        return answer

    def drop(self, before: date, *, dry_run: bool) -> int:
        """Delete the indices of months before, whatever mapping they were made by; return how many versions they held."""
        dropped = 0
        for index in sorted(self._client.indices.get(index=f"{self._alias}-*")):
            month = names.parse_month(index, self._alias)
            if month and month < before:
                dropped += self._client.count(index=index)["count"]
                if not dry_run:
                    self._client.indices.delete(index=index, ignore_unavailable=True)
        return dropped

    def _search(self, body: Json) -> Json:
        answer = self._client.search(
            index=self._alias, body=body, ignore_unavailable=True, allow_partial_search_results=False
        )
        return dict(answer.body)

    def _index(self, version: Version) -> str:
        return f"{self._family}-{version.replaced_at.astimezone(UTC):%Y.%m}"

    def _create(self, index: str) -> None:
        """Create the index with its alias; another may have done so, or may have ended between the two."""
        if self._has_alias(index):
            return
        try:
            self._client.indices.create(
                index=index, settings=self._mapping["settings"], mappings=self._mapping["mappings"]
            )
        except ApiError as error:
            if error.error != "resource_already_exists_exception":
                raise
        if not self._has_alias(index):  # no index template gave it
            self._client.indices.update_aliases(actions=[{"add": {"index": index, "alias": self._alias}}])

    def _has_alias(self, index: str) -> bool:
        return bool(self._client.indices.exists_alias(index=index, name=self._alias))
