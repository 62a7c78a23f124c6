"""The mapping file, and the names that follow from it: ``articles-<fingerprint>[-r<time>]-<YYYY.MM>`` behind the alias.

The month is that of the document's first sight, which never changes; a rebuilt generation carries the time of its rebuild.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError

_INDEX = re.compile(r"-(?P<fingerprint>[0-9a-f]{8})(-r(?P<rebuilt>\d{14}))?(-(?P<month>\d{4}\.\d{2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Generation:
    """A complete set of indices under one mapping; ``rebuilt`` is empty for the first one."""

    prefix: str
    fingerprint: str
    #: ``YYYYMMDDHHMMSS`` in UTC.
    rebuilt: str = ""

    @property
    def name(self) -> str:
        """The name that users see and give."""
        return f"{self.prefix}-{self.fingerprint}" + (f"-r{self.rebuilt}" if self.rebuilt else "")

    def index(self, first_seen_at: datetime) -> str:
        """Return the index of the documents first seen in that month."""
        return f"{self.name}-{first_seen_at.astimezone(UTC):%Y.%m}"


def read_mapping() -> dict[str, Any]:
    """Return mappings/articles.json: of the installed package, or of the checkout that the package lies in."""
    return _read("articles.json")


def read_versions_mapping() -> dict[str, Any]:
    """Return the mapping of earlier versions: that of documents, with the fields of mappings/versions.json."""
    mapping = _read("articles.json")
    mapping["mappings"]["properties"] |= _read("versions.json")
    return mapping


def versions_alias(prefix: str) -> str:
    """Return the alias of the indices of earlier versions: ``article-versions`` beside ``articles``."""
    return f"{prefix.removesuffix('s')}-versions"


def versions_family(prefix: str) -> str:
    """Return how the names of the indices of earlier versions begin, before their month."""
    return f"{versions_alias(prefix)}-{fingerprint(read_versions_mapping())}"


def fingerprint(mapping: Mapping[str, Any]) -> str:
    """Return eight hex digits that change whenever the mapping's meaning does; order and layout of the file do not count."""
    canonical = json.dumps(mapping, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def parse_generation(name: str, prefix: str) -> Generation | None:
    """Return the generation of that name, or None where it is not one of ours."""
    match = _INDEX.fullmatch(name.removeprefix(prefix)) if name.startswith(prefix) else None
    return Generation(prefix, match["fingerprint"], match["rebuilt"] or "") if match and not match["month"] else None


def parse_index(name: str, prefix: str) -> Generation | None:
    """Return the generation that the index belongs to, or None where it is not one of ours."""
    match = _INDEX.fullmatch(name.removeprefix(prefix)) if name.startswith(prefix) else None
    return Generation(prefix, match["fingerprint"], match["rebuilt"] or "") if match and match["month"] else None


def parse_month(name: str, prefix: str) -> date | None:
    """Return the first day of the month whose documents the index holds, or None where it is not one of ours."""
    match = _INDEX.fullmatch(name.removeprefix(prefix)) if name.startswith(prefix) else None
    try:
        return datetime.strptime(f"{match['month']}.01", "%Y.%m.%d").replace(tzinfo=UTC).date() if match else None
    except ValueError:  # no month, or none of the calendar's
        return None


def next_rebuild(prefix: str, current: str, now: datetime, taken: Iterable[str]) -> Generation:
    """Return a generation of this moment. Raises UsageError where one was begun within the same second."""
    generation = Generation(prefix, current, f"{now.astimezone(UTC):%Y%m%d%H%M%S}")
    if generation.name in set(taken):
        message = f"{generation.name} was begun this very second; promote or drop it, or ask again in a second"
        raise UsageError(message)
    return generation


def alias_actions(alias: str, current: Iterable[str], wanted: Iterable[str]) -> list[dict[str, dict[str, str]]]:
    """Return the moves that put the alias on the wanted indices alone, for one atomic call."""
    before, after = set(current), set(wanted)
    return [
        *({"remove": {"index": index, "alias": alias}} for index in sorted(before - after)),
        *({"add": {"index": index, "alias": alias}} for index in sorted(after - before)),
    ]


def differing_fields(actual: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return the paths of the fields that only one of two mappings has, or that they describe differently."""
    left, right = _flatten(actual.get("properties", {})), _flatten(wanted.get("properties", {}))
    return sorted(path for path in left.keys() | right.keys() if left.get(path) != right.get(path))


def check_fingerprint(live: Generation, current: str) -> None:
    """Raise UsageError where the live generation was made under another mapping, saying what to do."""
    if live.fingerprint != current:
        message = (
            f"the live index {live.name} has mapping {live.fingerprint}, this version of Newswire writes {current}: "
            "run newswire index rebuild, then newswire index promote"
        )
        raise UsageError(message)


def _flatten(properties: Mapping[str, Any], above: str = "") -> dict[str, dict[str, Any]]:
    fields = {}
    for name, field in properties.items():
        fields[above + name] = {key: value for key, value in field.items() if key != "properties"}
        fields |= _flatten(field.get("properties", {}), f"{above}{name}.")
    return fields


def _read(name: str) -> dict[str, Any]:
    packaged = files("pipeline").joinpath("mappings", name)
    checkout = Path(__file__).parents[2] / "mappings" / name
    text = (packaged if packaged.is_file() else checkout).read_text(encoding="utf-8")
    mapping: dict[str, Any] = json.loads(text)
    return mapping
