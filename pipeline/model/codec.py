"""Records to JSON lines and back, for the hand-over between tasks and the ledger's columns.

msgspec does it: it knows dataclasses, enumerations, tuples, aware times and bytes, and checks types when it reads.
"""

from typing import Any, TypeVar

import msgspec

Record = TypeVar("Record")


def encode(record: object) -> bytes:
    """Return the record as one line of JSON; times in ISO 8601 with their offset, bytes in base64."""
    return msgspec.json.encode(record)


def decode(line: bytes | str, kind: type[Record]) -> Record:
    """Return the record that ``encode`` was given. Raises ValueError on anything else."""
    return msgspec.json.decode(line, type=kind)


def pack(record: object) -> bytes:
    """Return the record as MessagePack, for what only programs read: many numbers take half the time to read."""
    return msgspec.msgpack.encode(record)


def unpack(packed: bytes, kind: type[Record]) -> Record:
    """Return the record that ``pack`` was given. Raises ValueError on anything else."""
    return msgspec.msgpack.decode(packed, type=kind)


def to_json(record: object) -> dict[str, Any]:
    """Return the record as ``encode`` writes it, for a larger JSON value."""
    form: dict[str, Any] = msgspec.to_builtins(record)
    return form


def from_json(form: object, kind: type[Record]) -> Record:
    """Return the record that ``to_json`` was given. Raises ValueError on anything else."""
    return msgspec.convert(form, type=kind)
