"""What all processes know of the hosts, as functions over an open transaction."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from pipeline.adapters.sql_schema import hosts, robots_files
from pipeline.fetch import politeness
from pipeline.model.host import HostState, RobotsFile, Turn


def ask_turn(connection: Connection, host: str, now: datetime, *, delay: timedelta, is_past: bool) -> Turn:
    """Take the host's turn where it has come; else say when it comes."""
    state = _state_of(connection, host)
    turn, changed = politeness.ask_turn(state, now, delay=delay, is_past=is_past)
    if changed and changed != state:
        _keep(connection, host, changed, is_new=state is None)
    return turn


def close_host(connection: Connection, host: str, until: datetime) -> None:
    """Give no turn at the host before then."""
    state = _state_of(connection, host)
    _keep(connection, host, politeness.close_host(state, until), is_new=state is None)


def robots_file(connection: Connection, origin: str) -> RobotsFile | None:
    """Return what was kept for the origin."""
    row = connection.execute(select(robots_files).where(robots_files.c.origin == origin)).first()
    return RobotsFile(text=row.text, expires_at=row.expires_at, is_closed=row.is_closed) if row else None


def keep_robots_file(connection: Connection, origin: str, file: RobotsFile) -> None:
    """Replace what was kept for the origin."""
    connection.execute(delete(robots_files).where(robots_files.c.origin == origin))
    columns = {"text": file.text.replace("\0", ""), "expires_at": file.expires_at, "is_closed": file.is_closed}
    connection.execute(insert(robots_files).values(origin=origin, **columns))


def _state_of(connection: Connection, host: str) -> HostState | None:
    row = connection.execute(select(hosts).where(hosts.c.host == host)).first()
    if row is None:
        return None
    return HostState(next_at=row.next_at, closed_until=row.closed_until, live_turns_left=row.live_turns_left)


def _keep(connection: Connection, host: str, state: HostState, *, is_new: bool) -> None:
    columns = {name: getattr(state, name) for name in ("next_at", "closed_until", "live_turns_left")}
    if is_new:
        connection.execute(insert(hosts).values(host=host, **columns))
    else:
        connection.execute(update(hosts).where(hosts.c.host == host).values(columns))
