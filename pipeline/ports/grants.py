"""The promise of whoever gives keys to the search store."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.model.grant import Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key that works: its id, when it was made, and what it may do."""

    id: str
    created_ms: int
    role_descriptors: Mapping[str, Any]

    def is_told_by(self, secret: str) -> bool:
        """Tell whether this is the key whose secret form is given."""
        try:
            return b64decode(secret, validate=True).decode().partition(":")[0] == self.id
        except ValueError:
            return False


class Grants(Protocol):
    """What an administrator does before anything else runs; it needs the login of one who may manage security."""

    def put_role(self, grant: Grant) -> bool:
        """Make the role as it should be, and give its keys the same rights; tell whether anything was changed."""

    def put_templates(self) -> None:
        """Let each new month's index have its alias from the start, and all be read that a writer blocked."""

    def keys(self, grant: Grant) -> Sequence[Key]:
        """Return the grant's keys that work, oldest first."""

    def make_key(self, grant: Grant) -> str:
        """Make a key and return its secret, which is told this once."""

    def revoke(self, keys: Sequence[Key]) -> None:
        """Let these keys work no more."""
