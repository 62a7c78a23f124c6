"""newswire index grants: roles and keys of least privilege, made by an administrator of Elasticsearch."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.errors import UsageError
from pipeline.index.roles import role_body, role_name
from pipeline.model.grant import Grant
from pipeline.ports import Grants, Key
from pipeline.private_file import write_private
from pipeline.setting_values import read_path
from pipeline.settings import KEYS, read_settings
from pipeline.wiring import Wiring


class Revoked(StrEnum):
    """Which keys work no more."""

    OLD = "old"
    ALL = "all"


def grants(
    only: Annotated[list[Grant] | None, typer.Option(help="This grant alone; may be given twice.")] = None,
    keys_to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write each key to FOLDER/GRANT.key, readable by its owner alone."),
    ] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make new keys; the old ones work on, until they are revoked.")
    ] = False,
    revoke: Annotated[
        Revoked | None, typer.Option(help="Revoke all keys but the newest (or that in FOLDER), or every key.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the roles; nothing is asked or changed.")] = False,
) -> None:
    """Make a writer's, a reader's and an administrator's role, and a key of each, with no more rights than they need.

    Needs the login of one who may manage security (NEWSWIRE_SEARCH_USER, NEWSWIRE_SEARCH_PASSWORD). Repeating it changes nothing.
    """
    if sum((rotate, revoke is not None, dry_run)) > 1:
        raise UsageError("--rotate, --revoke and --dry-run do not go together; give one of them")
    chosen = [grant for grant in Grant if not only or grant in only]
    wiring = Wiring(read_settings())
    alias = wiring.settings.search_alias
    if dry_run:
        console.print_json({role_name(grant, alias): role_body(grant, alias) for grant in chosen})
        return
    granting = wiring.grants
    if revoke is None:
        granting.put_templates()
    for grant in chosen:
        if revoke is None:
            _grant(granting, grant, alias, keys_to, is_rotated=rotate)
        else:
            _revoke(granting, grant, keys_to, revoke)
    if revoke is not None:
        granting.put_templates()  # whoever had a key may have blocked what it could
    if rotate:
        console.say("the old keys work on; once every process has its new one: newswire index grants --revoke old")


def _grant(granting: Grants, grant: Grant, alias: str, folder: Path | None, *, is_rotated: bool) -> None:
    """Bring role and key to what they should be. A key that nobody has any more is made anew, since none can be read again."""
    is_changed = granting.put_role(grant)
    console.say(f"role {role_name(grant, alias)}: {'made or changed' if is_changed else 'as it should be'}")
    keys = granting.keys(grant)
    kept = _held(keys, grant, folder) if folder else keys[-1] if keys else None
    if kept and not is_rotated:
        console.say(f"key of the {grant}: made {_day(kept)}; --rotate makes another")
        return
    secret = granting.make_key(grant)
    if folder:
        path = _path(folder, grant)
        _write_secret(path, secret)
        console.say(f"key of the {grant}: made; name it in the environment: {KEYS[grant]}_FILE={path}")
    else:
        console.say(f"key of the {grant}: made; it is shown this once")
        console.say(f"{KEYS[grant]}={secret}")


def _revoke(granting: Grants, grant: Grant, folder: Path | None, which: Revoked) -> None:
    keys = granting.keys(grant)
    kept = None
    if which is Revoked.OLD and keys:
        kept = _held(keys, grant, folder) if folder else keys[-1]
        if kept is None:
            raise UsageError(f"{folder} holds no key of the {grant} that works: nothing was revoked of it")
    gone = [key for key in keys if key != kept]
    granting.revoke(gone)
    rest = f"; that of {_day(kept)} stays" if kept else ""
    console.say(f"{console.count(len(gone), 'key', 'keys')} of the {grant} revoked{rest}")


def _held(keys: Sequence[Key], grant: Grant, folder: Path) -> Key | None:
    """Return the key whose secret lies in the folder, where it still works."""
    try:
        secret = _path(folder, grant).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{_path(folder, grant)} cannot be read: {error.strerror}") from error
    return next((key for key in keys if key.is_told_by(secret)), None)


def _path(folder: Path, grant: Grant) -> Path:
    return read_path("--keys-to", str(folder)) / f"{grant}.key"


def _write_secret(path: Path, secret: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with write_private(path) as file:
            file.write(f"{secret}\n".encode())
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}; its key was made, revoke it with --revoke all"
        ) from error


def _day(key: Key) -> str:
    return f"{datetime.fromtimestamp(key.created_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
