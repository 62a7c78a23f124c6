"""Raw queries of Elasticsearch, as the cookbook of docs/search.md has them: a body, and perhaps the line that it begins with."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.index.mapping import versions_alias

#: Of Kibana's console: the method and the path that the body goes to.
_FIRST_LINE = re.compile(rb"\s*(GET|POST|PUT|DELETE|HEAD)[ \t]+(\S+)[^\n]*")
_DOCUMENTS = "articles"  # as the cookbook says, whatever the alias is


@dataclass(frozen=True, slots=True)
class RawQuery:
    """A body, and whether it asks the earlier versions rather than the documents."""

    body: dict[str, Any]
    is_of_versions: bool = False


def read_raw(path: Path, alias: str) -> RawQuery:
    """Return what the file asks. Raises UsageError for a file that is none and for requests other than searches."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    first = _FIRST_LINE.match(content)
    is_of_versions = _is_of_versions(path, first[1] + b" " + first[2], alias) if first else False
    try:
        body = json.loads(content[first.end() :] if first else content)
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise UsageError(f'{path} holds no JSON object, such as {{"query": {{"match_all": {{}}}}}}')
    return RawQuery(body, is_of_versions)


def _is_of_versions(path: Path, request: bytes, alias: str) -> bool:
    asked = {
        f"{name}/_search": is_of_versions
        for base in (_DOCUMENTS, alias)
        for name, is_of_versions in ((base, False), (versions_alias(base), True))
    }
    method, _, where = request.decode(errors="replace").partition(" ")
    if method not in {"GET", "POST"} or where.lstrip("/") not in asked:
        raise UsageError(
            f"{path} begins with {method} {where}; --dsl asks {' or '.join(f'GET {each}' for each in asked)}, "
            "anything else goes to Elasticsearch itself"
        )
    return asked[where.lstrip("/")]
