"""What ports.Alerts promises, on both databases of the ledger."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.adapters.sql_schema import saved_searches
from pipeline.errors import UsageError
from pipeline.model.alert import Alert, DeliveryState
from tests.fixtures.alerts import DAY, HOUR, a_search, an_alert
from tests.fixtures.documents import NOON
from tests.fixtures.entries import an_article

HOOK, OTHER = "https://hooks.example/a", "https://hooks.example/b"
LEASE = timedelta(minutes=3)


def ids(alerts: tuple[Alert, ...]) -> list[str]:
    return [alert.id for alert in alerts]


def dated(name: object, days: float, *, when: str = "together:7d") -> Alert:
    """Return an alert whose document is so many days old, and which stands a week apart from others."""
    alert = an_alert(name, when=when, apart=7 * DAY)
    assert alert.shown
    return replace(alert, shown=replace(alert.shown, date=NOON - days * DAY))


# Searches


def test_a_saved_search_is_kept_whole(ledger: SqlLedger) -> None:
    search = a_search("a", "person:raisi place:minsk", "any together:7d silence:12h", HOOK)
    ledger.alerts.save_search(search)
    assert ledger.alerts.searches() == (search,)


def test_searches_come_by_name_and_a_name_is_taken_once(ledger: SqlLedger) -> None:
    for name in ("b", "a"):
        ledger.alerts.save_search(a_search(name))
    with pytest.raises(UsageError, match="there is a saved search 'a' already; --replace"):
        ledger.alerts.save_search(a_search("a", "wheat"))
    ledger.alerts.save_search(a_search("a", "wheat"), replaces=True)
    assert [(each.name, each.query.text) for each in ledger.alerts.searches()] == [("a", "wheat"), ("b", "harvest")]


def test_a_search_that_somebody_changed_meanwhile_is_left_alone(ledger: SqlLedger) -> None:
    before, after = (
        a_search("a"),
        replace(a_search("a"), looked_up_at=NOON, entities={"person:word:x": ("id", "other")}),
    )
    ledger.alerts.save_search(before)
    assert ledger.alerts.change_searches([(before, after), (a_search("b"), a_search("b"))]) == 1
    assert ledger.alerts.change_searches([(before, before)]) == 0
    assert ledger.alerts.searches() == (after,)


def test_a_search_that_an_older_release_saved_can_be_changed(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("a"))
    fewer = func.replace(saved_searches.c.search, ',"found_before":false', "")
    with ledger._database.write() as connection:
        connection.execute(update(saved_searches).values(search=fewer))
    (before,) = ledger.alerts.searches()
    assert ledger.alerts.change_searches([(before, replace(before, looked_up_at=NOON))]) == 1


def test_a_removed_search_takes_its_alerts_and_deliveries_along(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("a", "x", "any", HOOK))
    ledger.alerts.save_search(a_search("b", "x", "any", HOOK))
    ledger.alerts.note_alerts([an_alert(1, search="a"), an_alert(2, search="b")], {})
    assert ledger.alerts.remove_search("a")
    assert not ledger.alerts.remove_search("a")
    assert ids(ledger.alerts.alerts()) == ["alert-2"]
    due = ledger.alerts.due_deliveries(NOON, limit=10, lease=LEASE)
    assert [each.alert.id for each in due] == ["alert-2"]


# Unwatched articles


def test_articles_are_unwatched_until_the_searches_were_asked(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    ledger.settle([], [an_article(1), an_article(2), an_article(3)])
    first = ledger.alerts.unwatched(limit=2)
    assert first == {an_article(1).article_id: 1, an_article(2).article_id: 1}
    ledger.alerts.note_alerts([], first)
    assert ledger.alerts.unwatched(limit=2) == {an_article(3).article_id: 1}


def test_nothing_is_unwatched_where_nothing_is_watched_for_nor_what_is_past(ledger: SqlLedger) -> None:
    ledger.settle([], [an_article(1)])
    ledger.alerts.save_search(a_search())
    ledger.settle([], [an_article(2)], past=True)
    assert ledger.alerts.unwatched(limit=9) == {}


def test_a_new_version_is_unwatched_again_also_when_it_comes_meanwhile(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    ledger.settle([], [an_article(1)])
    seen = ledger.alerts.unwatched(limit=9)
    ledger.settle([], [an_article(1, version=2, captured_at=NOON + HOUR)])
    ledger.alerts.note_alerts([], seen)
    assert ledger.alerts.unwatched(limit=9) == {an_article(1).article_id: 2}


def test_a_past_version_does_not_hide_what_is_still_unwatched(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    ledger.settle([], [an_article(1)])
    ledger.settle([], [an_article(1, version=2, captured_at=NOON + HOUR)], past=True)
    assert ledger.alerts.unwatched(limit=9) == {an_article(1).article_id: 2}


# Alerts


def test_an_alert_is_noted_once(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    assert ids(ledger.alerts.note_alerts([an_alert(1), an_alert(1), an_alert(2)], {})) == ["alert-1", "alert-2"]
    assert ids(ledger.alerts.note_alerts([an_alert(2), an_alert(3)], {})) == ["alert-3"]
    assert ledger.alerts.alerts()[0] in {an_alert(1), an_alert(2), an_alert(3)}
    assert len(ledger.alerts.alerts()) == 3


def test_the_newest_alerts_come_first_and_of_one_search_if_asked(ledger: SqlLedger) -> None:
    for name in ("harvests", "others"):
        ledger.alerts.save_search(a_search(name))
    noted = [an_alert(1), an_alert(2, at=NOON + HOUR), an_alert(3, search="others", at=NOON + 2 * HOUR)]
    ledger.alerts.note_alerts(noted, {})
    assert ids(ledger.alerts.alerts(limit=2)) == ["alert-3", "alert-2"]
    assert ids(ledger.alerts.alerts("harvests")) == ["alert-2", "alert-1"]


def test_alerts_of_a_search_that_was_removed_meanwhile_are_left_out(ledger: SqlLedger) -> None:
    assert ledger.alerts.note_alerts([an_alert()], {}) == ()


def test_alerts_of_one_condition_keep_apart_as_long_as_they_say(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    assert ids(ledger.alerts.note_alerts([dated(1, 0), dated(2, 3)], {})) == ["alert-1"]
    assert ids(ledger.alerts.note_alerts([dated(3, 6.9), dated(4, 7.1)], {})) == ["alert-4"]
    assert ids(ledger.alerts.note_alerts([dated(5, 0, when="volume")], {})) == ["alert-5"]


def test_what_is_said_of_a_day_keeps_apart_by_when_it_is_said(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    first, second = dated(1, 0, when="volume"), dated(2, 30, when="volume")
    assert ids(ledger.alerts.note_alerts([first, second], {})) == ["alert-1"]
    assert ids(ledger.alerts.note_alerts([replace(second, at=NOON + 6 * DAY)], {})) == []
    assert ids(ledger.alerts.note_alerts([replace(dated(3, 0, when="volume"), at=NOON + 8 * DAY)], {})) == ["alert-3"]


def test_a_silence_is_told_again_only_after_a_later_document(ledger: SqlLedger) -> None:
    def silence(name: object, days: float | None, at: float = 0) -> Alert:
        alert = replace(dated(name, days or 0, when="silence:24h"), at=NOON + at * DAY, apart=DAY)
        return alert if days is not None else replace(alert, shown=None)

    ledger.alerts.save_search(a_search("harvests", "x", "silence:24h"))  # 100 days old
    assert ids(ledger.alerts.note_alerts([silence(1, 40)], {})) == ["alert-1"]
    assert ids(ledger.alerts.note_alerts([silence(2, 45, 1), silence(3, None, 1), silence(4, 1.1, 1)], {})) == []
    assert ledger.alerts.drop_alerts(NOON + HOUR) == 1
    assert ids(ledger.alerts.note_alerts([silence(5, 45, 2), silence(6, None, 2)], {})) == []
    assert ids(ledger.alerts.note_alerts([silence(7, 0.9, 2), silence(8, 0.95, 2)], {})) == ["alert-7"]
    changed = replace(a_search("harvests", "y", "silence:24h"), created_at=NOON + 3 * DAY)
    ledger.alerts.save_search(changed, replaces=True)
    assert ids(ledger.alerts.note_alerts([silence(9, None, 4)], {})) == ["alert-9"]


def test_two_processes_note_the_same_alert_once(ledger: SqlLedger, ledger_url: str) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK))
    noted: list[str] = []

    def note() -> None:
        opened = open_ledger(ledger_url)
        noted.extend(ids(opened.alerts.note_alerts([dated(1, 0), dated(2, 1)], {})))
        opened.close()

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert noted == ["alert-1"]
    assert len(ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)) == 1


def test_old_alerts_are_dropped_but_not_first_ones_nor_those_on_their_way(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    ledger.alerts.save_search(a_search("sent", "x", "any", HOOK))
    old = [an_alert(1), an_alert(2, when="first"), an_alert(3, search="sent"), an_alert(4, at=NOON + DAY)]
    ledger.alerts.note_alerts(old, {})
    assert ledger.alerts.drop_alerts(NOON + HOUR, dry_run=True) == 1
    assert ledger.alerts.drop_alerts(NOON + HOUR) == 1
    assert sorted(ids(ledger.alerts.alerts())) == ["alert-2", "alert-3", "alert-4"]


def test_what_was_dropped_is_not_noticed_again_and_still_keeps_others_apart(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK))
    told = [an_alert(1), dated(2, 0), an_alert(3, when="silence:12h"), dated(4, 0, when="volume")]
    ledger.alerts.note_alerts(told, {})
    due = ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    ledger.alerts.save_deliveries([replace(each, state=DeliveryState.DELIVERED, due_at=None) for each in due])
    assert ledger.alerts.drop_alerts(NOON + HOUR) == 4
    assert ledger.alerts.drop_alerts(NOON + HOUR, dry_run=True) == 0
    assert ledger.alerts.alerts() == ledger.alerts.alerts("harvests") == ()
    assert ledger.alerts.unannounced(NOON - HOUR, limit=9) == ()
    later = NOON + 9 * DAY
    again = [replace(each, at=later) for each in [*told, dated(5, 3)]]
    assert ids(ledger.alerts.note_alerts(again, {})) == ["alert-4"]  # a day's volume is of that day alone
    assert ledger.alerts.remove_search("harvests")
    ledger.alerts.save_search(a_search())
    assert ids(ledger.alerts.note_alerts(told, {})) == ["alert-1", "alert-2", "alert-3", "alert-4"]


def test_alerts_are_announced_by_airflow_once_and_soon_or_never(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search())
    ledger.alerts.note_alerts([an_alert(1, at=NOON - DAY), an_alert(2), an_alert(3, at=NOON + HOUR)], {})
    fresh = ledger.alerts.unannounced(NOON - HOUR, limit=9)
    assert ids(fresh) == ["alert-2", "alert-3"]
    ledger.alerts.mark_announced(["alert-2"])
    assert ids(ledger.alerts.unannounced(NOON - HOUR, limit=9)) == ["alert-3"]


# Deliveries


def test_an_alert_goes_to_each_webhook_of_its_search(ledger: SqlLedger) -> None:
    search = a_search("harvests", "x", "any", HOOK, OTHER)
    ledger.alerts.save_search(search)
    ledger.alerts.note_alerts([an_alert()], {})
    due = ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    assert {each.url for each in due} == {HOOK, OTHER}
    assert {each.webhook for each in due} == set(search.webhooks)
    assert {each.alert for each in due} == {an_alert()}


def test_what_is_due_is_given_to_one_until_the_lease_ends(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK))
    ledger.alerts.note_alerts([an_alert()], {})
    assert not ledger.alerts.due_deliveries(NOON - HOUR, limit=9, lease=LEASE)
    assert ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    assert not ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    assert ledger.alerts.due_deliveries(NOON + LEASE, limit=9, lease=LEASE)  # its sender died


def test_a_delivery_that_failed_waits_and_those_that_did_not_go_first(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK))
    ledger.alerts.note_alerts([an_alert(1), an_alert(2)], {})
    failed = ledger.alerts.due_deliveries(NOON, limit=1, lease=LEASE)[0]
    ledger.alerts.save_deliveries([replace(failed, attempts=1, due_at=NOON, detail="answered 500")])
    due = ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    assert [each.attempts for each in due] == [0, 1]
    assert [each.detail for each in ledger.alerts.undelivered()] == ["answered 500"]


def test_dead_deliveries_are_seen_and_can_be_revived(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK))
    ledger.alerts.note_alerts([an_alert(1), an_alert(2), an_alert(3)], {})
    one, two, three = ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    dead = [
        replace(each, state=DeliveryState.DEAD, due_at=None, attempts=7, detail="answered 500") for each in (one, two)
    ]
    ledger.alerts.save_deliveries([*dead, replace(three, state=DeliveryState.DELIVERED, due_at=None)])
    assert {each.state for each in ledger.alerts.undelivered()} == {DeliveryState.DEAD}
    assert ledger.alerts.revive_deliveries([one.alert.id, "unknown"], NOON) == 1
    assert ledger.alerts.revive_deliveries([], NOON + HOUR) == 1
    due = ledger.alerts.due_deliveries(NOON + HOUR, limit=9, lease=LEASE)
    assert {(each.alert.id, each.attempts) for each in due} == {(one.alert.id, 0), (two.alert.id, 0)}


def test_a_receiver_that_is_left_alone_is_given_nothing_else_until_then(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK, OTHER))
    ledger.alerts.save_search(a_search("others", "x", "any", HOOK))
    ledger.alerts.note_alerts([an_alert(1)], {})
    (failed,) = [each for each in ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE) if each.url == HOOK]
    paused = replace(failed, state=DeliveryState.PAUSED, attempts=1, due_at=NOON + HOUR, detail="answered 429")
    ledger.alerts.save_deliveries([paused])
    assert ledger.alerts.undelivered() == (paused,)
    assert ledger.alerts.drop_alerts(NOON + DAY, dry_run=True) == 0
    ledger.alerts.note_alerts([an_alert(2, at=NOON + LEASE), an_alert(3, search="others", at=NOON + LEASE)], {})
    due = ledger.alerts.due_deliveries(NOON + LEASE, limit=9, lease=LEASE)
    assert {(each.alert.id, each.url) for each in due} == {("alert-1", OTHER), ("alert-2", OTHER)}
    ledger.alerts.save_deliveries([replace(each, state=DeliveryState.DELIVERED, due_at=None) for each in due])
    due = ledger.alerts.due_deliveries(NOON + HOUR, limit=9, lease=LEASE)
    assert [(each.alert.id, each.attempts) for each in due] == [("alert-2", 0), ("alert-3", 0), ("alert-1", 1)]


def test_a_receiver_that_was_given_up_is_given_what_is_new(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK))
    ledger.alerts.note_alerts([an_alert(1)], {})
    (failed,) = ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    ledger.alerts.save_deliveries([replace(failed, state=DeliveryState.DEAD, due_at=None, attempts=7)])
    ledger.alerts.note_alerts([an_alert(2)], {})
    assert [each.alert.id for each in ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)] == ["alert-2"]


def test_who_revives_what_is_dead_says_that_the_receiver_need_not_be_left_alone(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK, OTHER))
    ledger.alerts.note_alerts([an_alert(1), an_alert(2)], {})
    due = ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    dead = next(each for each in due if (each.alert.id, each.url) == ("alert-1", HOOK))
    rest = [each for each in due if each != dead]
    ledger.alerts.save_deliveries(
        [
            replace(dead, state=DeliveryState.DEAD, due_at=None, attempts=7),
            *(replace(each, state=DeliveryState.PAUSED, attempts=1, due_at=NOON + DAY) for each in rest),
        ]
    )
    assert ledger.alerts.revive_deliveries(["alert-1"], NOON + HOUR) == 1
    due = ledger.alerts.due_deliveries(NOON + HOUR, limit=9, lease=LEASE)
    assert [(each.alert.id, each.url) for each in due] == [("alert-1", HOOK)]
    assert {each.state for each in ledger.alerts.undelivered() if each.url == OTHER} == {DeliveryState.PAUSED}


def test_a_webhook_that_the_search_no_longer_has_is_none(ledger: SqlLedger) -> None:
    ledger.alerts.save_search(a_search("harvests", "x", "any", HOOK))
    ledger.alerts.note_alerts([an_alert()], {})
    ledger.alerts.save_search(a_search("harvests", "x", "any", OTHER), replaces=True)
    (due,) = ledger.alerts.due_deliveries(NOON, limit=9, lease=LEASE)
    assert due.webhook is None
