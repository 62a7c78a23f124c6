"""The role of each grant in Elasticsearch: the least that its processes need, on Newswire's own indices alone.

The privileges are those of https://www.elastic.co/docs/reference/elasticsearch/security-privileges; what begins with
``indices:`` is a single action, taken where the named privilege would grant more. Whoever may change aliases may delete indices,
by that very call (``remove_index``). So a writer may not: an index template gives a new month's index its alias.
"""

from typing import Any

from pipeline.index.mapping import Generation, versions_alias
from pipeline.model.grant import Grant

#: Names of indices behind an alias, as ``mapping.parse_index`` reads them. Not a star: with the alias ``articles``, it would
#: open the indices of another Newswire whose alias is ``articles-sport``.
_INDICES = r"/{}-[0-9a-f]{{8}}(-r[0-9]{{14}})?-[0-9]{{4}}\.[0-9]{{2}}/"

#: What the flow does beside reading: see adapters/elasticsearch_store.py and elasticsearch_generations.py.
_WRITING = (
    "indices:data/write/*",  # the privilege ``write`` would change mappings, too
    "create_index",
    "view_index_metadata",  # which generation is live, and whether its mapping is ours
    "maintenance",  # refresh: what is written can be searched at once
    "monitor",  # counts, and sequence numbers
    "indices:admin/block/add*",  # a new month's index waits, as its sisters do, where a promotion is under way
)


def role_name(grant: Grant, alias: str) -> str:
    """Return what the role and its keys are called."""
    return f"newswire-{alias}-{grant}"


def role_body(grant: Grant, alias: str) -> dict[str, Any]:
    """Return the role as Elasticsearch takes it."""
    aliases = [alias, versions_alias(alias)]
    everything = [*aliases, *(_INDICES.format(each) for each in aliases)]
    granted = {
        # Through the alias alone: what is rebuilt, or was live before, is not for readers.
        Grant.READER: (aliases, ["read"]),
        Grant.WRITER: (everything, ["read", *_WRITING]),
        Grant.ADMIN: (everything, ["read", "write", "create_index", "manage"]),
    }
    names, privileges = granted[grant]
    return {
        # A promotion moves the template as it moves the alias.
        "cluster": ["indices:admin/index_template/get", "indices:admin/index_template/put"]
        if grant is Grant.ADMIN
        else [],
        "indices": [{"names": names, "privileges": privileges, "allow_restricted_indices": False}],
        "applications": [],
        "run_as": [],
    }


def template_name(alias: str) -> str:
    """Return what the index template of that alias is called."""
    return f"newswire-{alias}"


def alias_template(alias: str, family: str) -> dict[str, Any]:
    """Return the index template by which an index of that family, a name before its month, has the alias from the start."""
    return {
        "index_patterns": [f"{family}-2*"],  # a year: a rebuild of the family goes on with an r
        "priority": 500,  # above what an administrator has for all indices
        "template": {"aliases": {alias: {}}},
        # A write that comes after an index was dropped must not bring it back, with a mapping of the server's own making.
        "allow_auto_create": False,
        "_meta": {"description": "made by newswire index grants, moved by newswire index promote"},
    }


def live_template(generation: Generation) -> dict[str, Any]:
    """Return the index template of documents while that generation is live."""
    return alias_template(generation.prefix, generation.name)
