"""Saved searches, alerts and deliveries, in the ledger's database: noted in the same place as what they were asked about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, exists, insert, or_, select, update

from pipeline.adapters.sql_among import among
from pipeline.adapters.sql_database import Database, rows_by_key
from pipeline.adapters.sql_schema import alert_deliveries, alerts, articles, saved_searches
from pipeline.errors import UsageError
from pipeline.model import codec
from pipeline.model.alert import Alert, ConditionKind, Delivery, DeliveryState, SavedSearch

_MOST_DETAIL = 500  # characters
_BY_THE_CLOCK = {ConditionKind.VOLUME, ConditionKind.SILENCE}
_ON_ITS_WAY = alert_deliveries.c.state.in_([DeliveryState.WAITING, DeliveryState.PAUSED])
#: Of an alert that maintenance has emptied, the row stays.
_is_told = alerts.c.alert != ""


class SqlAlerts:
    """Promises what ports.Alerts does."""

    def __init__(self, database: Database) -> None:
        """Take a migrated database."""
        self._database = database

    def save_search(self, search: SavedSearch, *, replaces: bool = False) -> None:
        """Insert, or replace."""
        row = {"name": search.name, "search": codec.encode(search).decode()}
        with self._database.write() as connection:
            there = connection.execute(
                select(saved_searches.c.name).where(saved_searches.c.name == search.name)
            ).first()
            if there and not replaces:
                raise UsageError(f"there is a saved search {search.name!r} already; --replace puts this in its place")
            connection.execute(delete(saved_searches).where(saved_searches.c.name == search.name))
            connection.execute(insert(saved_searches), [row])

    def searches(self) -> tuple[SavedSearch, ...]:
        """Read them all."""
        with self._database.read() as connection:
            return tuple(_read_searches(connection).values())

    def change_searches(self, changes: Sequence[tuple[SavedSearch, SavedSearch]]) -> int:
        """Update those that are as before."""
        as_read = (saved_searches.c.name == bindparam("key"), saved_searches.c.search == bindparam("read"))
        change = update(saved_searches).where(*as_read).values(search=bindparam("after"))
        kept = 0
        with self._database.write() as connection:
            for before, after in changes:  # one by one: of many at once, a driver need not say how many were there
                here = select(saved_searches.c.search).where(saved_searches.c.name == before.name)
                read = connection.execute(here).scalar()
                # As a record: an older release may have written fewer fields.
                if read is not None and codec.decode(read, SavedSearch) == before:
                    row = {"key": before.name, "read": read, "after": codec.encode(after).decode()}
                    kept += connection.execute(change, row).rowcount
        return kept

    def remove_search(self, name: str) -> bool:
        """Delete the search with all that is its."""
        with self._database.write() as connection:
            of_it = select(alerts.c.id).where(alerts.c.search == name)
            connection.execute(delete(alert_deliveries).where(alert_deliveries.c.alert_id.in_(of_it)))
            connection.execute(delete(alerts).where(alerts.c.search == name))
            return bool(connection.execute(delete(saved_searches).where(saved_searches.c.name == name)).rowcount)

    def unwatched(self, *, limit: int) -> Mapping[str, int]:
        """Look for articles by the index that holds no others."""
        query = select(articles.c.article_id, articles.c.version).where(~articles.c.is_watched)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(articles.c.article_id).limit(limit))
            return {row.article_id: row.version for row in rows}

    def note_alerts(self, given: Sequence[Alert], watched: Mapping[str, int]) -> tuple[Alert, ...]:
        """Decide under the write lock which are new: two processes may have noticed the same."""
        with self._database.write() as connection:
            searches = _read_searches(connection, {alert.search for alert in given})
            known = rows_by_key(connection, alerts.c.id, [alert.id for alert in given])
            unique = {alert.id: alert for alert in given if alert.search in searches and alert.id not in known}
            fresh = _keep_apart(connection, list(unique.values()), searches)
            _insert_alerts(connection, fresh, searches)
            _mark_watched(connection, watched)
        return tuple(fresh)

    def alerts(self, search: str | None = None, *, limit: int = 50) -> tuple[Alert, ...]:
        """Read the newest."""
        order = (alerts.c.at.desc(), alerts.c.shown_at.desc(), alerts.c.id)
        query = select(alerts.c.alert).where(_is_told).order_by(*order).limit(limit)
        if search is not None:
            query = query.where(alerts.c.search == search)
        with self._database.read() as connection:
            return tuple(codec.decode(row, Alert) for row in connection.execute(query).scalars())

    def due_deliveries(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[Delivery, ...]:
        """Put them off until the lease ends, and return them."""
        paused = alert_deliveries.alias()
        left_alone = select(paused.c.url).where(paused.c.state == DeliveryState.PAUSED, paused.c.due_at > now)
        due = and_(_ON_ITS_WAY, alert_deliveries.c.due_at <= now, alert_deliveries.c.url.not_in(left_alone))
        order = (alert_deliveries.c.attempts, alert_deliveries.c.due_at, alert_deliveries.c.alert_id)
        with self._database.write() as connection:
            found = _read_deliveries(connection, due, order, limit)
            _update_deliveries(connection, [_key(each) | {"due_at": now + lease} for each in found])
        return found

    def save_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Write what can have changed."""
        rows = [
            _key(each)
            | {
                "state": each.state,
                "attempts": each.attempts,
                "due_at": each.due_at,
                "detail": each.detail[:_MOST_DETAIL],
            }
            for each in deliveries
        ]
        with self._database.write() as connection:
            _update_deliveries(connection, rows)

    def undelivered(self, *, limit: int = 1000) -> tuple[Delivery, ...]:
        """Read what is dead or has failed."""
        waiting = and_(_ON_ITS_WAY, alert_deliveries.c.attempts > 0)
        where = or_(alert_deliveries.c.state == DeliveryState.DEAD, waiting)
        with self._database.read() as connection:
            return _read_deliveries(connection, where, (alerts.c.at.desc(), alerts.c.id), limit)

    def revive_deliveries(self, alert_ids: Sequence[str], now: datetime) -> int:
        """Make them due, and end the pauses of their receivers."""
        revived = [alert_deliveries.c.state == DeliveryState.DEAD]
        if alert_ids:
            revived.append(alert_deliveries.c.alert_id.in_(alert_ids))
        receivers = select(alert_deliveries.c.url).where(*revived).correlate(None)
        paused = (alert_deliveries.c.state == DeliveryState.PAUSED, alert_deliveries.c.url.in_(receivers))
        with self._database.write() as connection:
            connection.execute(update(alert_deliveries).where(*paused).values(state=DeliveryState.WAITING))
            values = {"state": DeliveryState.WAITING, "attempts": 0, "due_at": now}
            return connection.execute(update(alert_deliveries).where(*revived).values(**values)).rowcount

    def unannounced(self, since: datetime, *, limit: int) -> tuple[Alert, ...]:
        """Look by the index that holds no others."""
        query = select(alerts.c.alert).where(~alerts.c.is_announced, alerts.c.at >= since)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(alerts.c.at, alerts.c.id).limit(limit)).scalars()
            return tuple(codec.decode(row, Alert) for row in rows)

    def mark_announced(self, alert_ids: Sequence[str]) -> None:
        """Set the mark."""
        with self._database.write() as connection:
            connection.execute(
                update(alerts).where(among(alerts.c.id)).values(is_announced=True), {"values": list(alert_ids)}
            )

    def drop_alerts(self, before: datetime, *, dry_run: bool = False) -> int:
        """Empty them: by its id what was noticed is known again. A day's volume goes, and a first document stays as it is."""
        waits = exists().where(alert_deliveries.c.alert_id == alerts.c.id, _ON_ITS_WAY)
        old = (alerts.c.at < before, alerts.c.kind != ConditionKind.FIRST, _is_told, ~waits)
        with self._database.write() as connection:
            ids = list(connection.execute(select(alerts.c.id).where(*old)).scalars())
            if not dry_run:
                dropped = {"values": ids}
                connection.execute(delete(alert_deliveries).where(among(alert_deliveries.c.alert_id)), dropped)
                of_a_day = alerts.c.kind == ConditionKind.VOLUME
                connection.execute(delete(alerts).where(among(alerts.c.id), of_a_day), dropped)
                empty = update(alerts).where(among(alerts.c.id)).values(alert="", is_announced=True)
                connection.execute(empty, dropped)
        return len(ids)


def has_searches(connection: Connection) -> bool:
    """Tell whether anything is watched for."""
    return connection.execute(select(saved_searches.c.name).limit(1)).first() is not None


def _read_searches(connection: Connection, names: Iterable[str] | None = None) -> dict[str, SavedSearch]:
    if names is None:
        rows = connection.execute(select(saved_searches).order_by(saved_searches.c.name)).all()
        return {row.name: codec.decode(row.search, SavedSearch) for row in rows}
    found = rows_by_key(connection, saved_searches.c.name, names, saved_searches.c.search)
    return {name: codec.decode(row.search, SavedSearch) for name, row in found.items()}


def _keep_apart(connection: Connection, given: Sequence[Alert], searches: Mapping[str, SavedSearch]) -> list[Alert]:
    """Leave out what is too near to another alert of the same condition and query, written or to be written."""
    fresh: list[Alert] = []
    for alert in given:
        moment, begun_at = _moment(alert), searches[alert.search].begun_at(alert.condition)
        if alert.apart is None or moment is None:
            fresh.append(alert)
            continue
        since, until = _since(alert, moment, begun_at, alert.apart), moment + alert.apart
        query = select(alerts.c.id).where(
            alerts.c.search == alert.search,
            alerts.c.kind == alert.condition.kind,
            alerts.c.at >= begun_at,
            (alerts.c.at if alert.condition.kind in _BY_THE_CLOCK else alerts.c.shown_at).between(since, until),
        )
        is_near = any(
            other and since <= other <= until
            for each in fresh
            if (each.search, each.condition) == (alert.search, alert.condition)
            for other in [_moment(each)]
        )
        if not is_near and connection.execute(query.limit(1)).first() is None:
            fresh.append(alert)
    return fresh


def _moment(alert: Alert) -> datetime | None:
    """Return what the alert is kept apart by: what is told by the clock is as old as the alert, all else as its document."""
    if alert.condition.kind in _BY_THE_CLOCK:
        return alert.at
    return alert.shown.date if alert.shown else None


def _since(alert: Alert, moment: datetime, begun_at: datetime, apart: timedelta) -> datetime:
    """Return from when on another alert is too near; of a silence, from when it was silent: only a later document ends it."""
    if alert.condition.kind is not ConditionKind.SILENCE:
        return moment - apart
    last_at = max(begun_at, alert.shown.date) if alert.shown else begun_at
    return last_at + apart


def _insert_alerts(connection: Connection, fresh: Sequence[Alert], searches: Mapping[str, SavedSearch]) -> None:
    rows = [
        {
            "id": alert.id,
            "search": alert.search,
            "kind": alert.condition.kind,
            "at": alert.at,
            "shown_at": alert.shown.date if alert.shown else None,
            "alert": codec.encode(alert).decode(),
        }
        for alert in fresh
    ]
    sent = [
        {
            "alert_id": alert.id,
            "url": url,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "due_at": alert.at,
            "detail": "",
        }
        for alert in fresh
        for url in {webhook.url for webhook in searches[alert.search].webhooks}
    ]
    if rows:
        connection.execute(insert(alerts), rows)
    if sent:
        connection.execute(insert(alert_deliveries), sent)


def _mark_watched(connection: Connection, watched: Mapping[str, int]) -> None:
    """Note these versions; one that came meanwhile stays unwatched."""
    if watched:
        change = update(articles).where(
            articles.c.article_id == bindparam("key"), articles.c.version <= bindparam("seen")
        )
        rows = [{"key": key, "seen": version} for key, version in sorted(watched.items())]
        connection.execute(change.values(is_watched=True), rows)


def _read_deliveries(
    connection: Connection, where: ColumnElement[bool], order: Sequence[ColumnElement[Any]], limit: int
) -> tuple[Delivery, ...]:
    query = (
        select(alert_deliveries, alerts.c.alert)
        .join_from(alert_deliveries, alerts, alerts.c.id == alert_deliveries.c.alert_id)
        .where(where)
        .order_by(*order)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    read = [(row, codec.decode(row.alert, Alert)) for row in rows]
    searches = _read_searches(connection, {alert.search for _, alert in read})
    return tuple(_read_delivery(row, alert, searches.get(alert.search)) for row, alert in read)


def _read_delivery(row: Row[tuple[object, ...]], alert: Alert, search: SavedSearch | None) -> Delivery:
    hooks = {webhook.url: webhook for webhook in search.webhooks} if search else {}
    return Delivery(
        alert=alert,
        url=row.url,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        detail=row.detail,
        webhook=hooks.get(row.url),
    )


def _key(delivery: Delivery) -> dict[str, object]:
    return {"key": delivery.alert.id, "to": delivery.url}


def _update_deliveries(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        here = (alert_deliveries.c.alert_id == bindparam("key"), alert_deliveries.c.url == bindparam("to"))
        connection.execute(update(alert_deliveries).where(*here), list(rows))
