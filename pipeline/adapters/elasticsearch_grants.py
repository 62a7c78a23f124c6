"""Roles, index templates and API keys in Elasticsearch, as index/roles.py describes them: made, made anew, and revoked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from pipeline.adapters.elasticsearch_client import open_client
from pipeline.adapters.elasticsearch_errors import our_errors
from pipeline.adapters.elasticsearch_generations import Generations
from pipeline.index import mapping as names
from pipeline.index.mapping import Generation
from pipeline.index.roles import alias_template, live_template, role_body, role_name, template_name
from pipeline.model.grant import Grant
from pipeline.ports import Key

Json = dict[str, Any]


class ElasticsearchGrants:
    """What an administrator does before anything else runs. Raises UsageError and StoreUnavailable, as the store does."""

    def __init__(self, url: str, *, user: str, password: str, alias: str, ca: Path | None = None) -> None:
        """Connect nowhere yet. The login is an administrator's: a key makes no keys."""
        self._url = url
        self._alias = alias
        self._client: Elasticsearch = open_client(url, user=user, password=password, ca=ca)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def put_role(self, grant: Grant) -> bool:
        """Make the role as it should be, and give its keys the same rights; tell whether anything was changed."""
        name, body = role_name(grant, self._alias), role_body(grant, self._alias)
        with our_errors(self._url):
            found = self._client.options(ignore_status=404).security.get_role(name=name).body.get(name, {})
            is_changed = not _says(found, body)
            if is_changed:
                self._client.security.put_role(name=name, **body)
            for key in self.keys(grant):
                if not _says(key.role_descriptors.get(name, {}), body):
                    self._client.security.update_api_key(id=key.id, role_descriptors={name: body})
                    is_changed = True
        return is_changed

    def put_templates(self) -> None:
        """Let each new month's index have its alias from the start, and those have it that a writer could not give it to.

        What a writer blocked can be read again.
        """
        mapping = names.read_mapping()
        versions = names.versions_alias(self._alias)
        with our_errors(self._url):
            generations = Generations(self._client, self._alias, self._url, mapping)
            generations.lift_blocks()
            live, joined = generations.live()
            live = live or Generation(self._alias, generations.fingerprint)
            put = self._client.indices.put_index_template
            put(name=template_name(self._alias), **live_template(live))
            put(name=template_name(versions), **alias_template(versions, names.versions_family(self._alias)))
            if actions := names.alias_actions(self._alias, joined, generations.all().get(live, [])):
                self._client.indices.update_aliases(actions=actions)

    def keys(self, grant: Grant) -> Sequence[Key]:
        """Return the grant's keys that work, oldest first."""
        with our_errors(self._url):
            found = self._client.security.get_api_key(name=role_name(grant, self._alias), active_only=True)["api_keys"]
        keys = [Key(id=k["id"], created_ms=k["creation"], role_descriptors=k["role_descriptors"]) for k in found]
        return sorted(keys, key=lambda key: (key.created_ms, key.id))

    def make_key(self, grant: Grant) -> str:
        """Make a key and return its secret, which Elasticsearch tells this once."""
        name = role_name(grant, self._alias)
        with our_errors(self._url):
            made = self._client.security.create_api_key(
                name=name,
                role_descriptors={name: role_body(grant, self._alias)},
                metadata={"newswire": {"alias": self._alias, "grant": str(grant)}},
                refresh="wait_for",
            )
        secret: str = made["encoded"]
        return secret

    def revoke(self, keys: Sequence[Key]) -> None:
        """Let these keys work no more."""
        if keys:
            with our_errors(self._url):
                self._client.security.invalidate_api_key(ids=[key.id for key in keys])


def _says(found: Json, wanted: Json) -> bool:
    """Tell whether a role that Elasticsearch returned has the rights that are wanted."""
    return found.get("cluster") == wanted["cluster"] and list(_rights(found)) == list(_rights(wanted))


def _rights(body: Json) -> Iterator[tuple[list[str], list[str]]]:
    for each in body.get("indices", ()):
        yield sorted(each["names"]), sorted(each["privileges"])
