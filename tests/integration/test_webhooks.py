"""Alerts on their way to a real HTTP server on loopback that verifies them, fails, hangs, and kills who sends."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from pipeline.adapters.http_webhooks import HttpWebhooks
from pipeline.adapters.sql_ledger import SqlLedger, open_ledger
from pipeline.alerts.delivery import LEASE, WAITS, deliver_alerts, send_test
from pipeline.model.alert import DeliveryState
from pipeline.model.capture import Capture
from tests.fixtures.alerts import DAY, a_search, an_alert
from tests.fixtures.documents import NOON, FixedClock
from tests.fixtures.receiver import Receiver, is_signed, open_receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


def watch_for(ledger: SqlLedger, *urls: str, alerts: int = 1) -> str:
    """Save a search with these webhooks and note alerts of it; return the first webhook's secret."""
    search = a_search("harvests", "harvest", "any", *urls)
    ledger.alerts.save_search(search)
    ledger.alerts.note_alerts([an_alert(number) for number in range(1, alerts + 1)], {})
    return search.webhooks[0].secret


def deliver(
    ledger: SqlLedger, clock: FixedClock, *, allowed: tuple[object, ...] = LOOPBACK, timeout: float = 10.0
) -> Counter[str]:
    async def run() -> Counter[str]:
        async with HttpWebhooks(clock=clock, allowed_networks=allowed, timeout=timeout) as webhooks:  # type: ignore[arg-type]
            return await deliver_alerts(alerts=ledger.alerts, webhooks=webhooks, clock=clock)

    return asyncio.run(run())


def test_an_alert_arrives_once_signed_with_the_sentence(ledger: SqlLedger, receiver: Receiver) -> None:
    secret = watch_for(ledger, receiver.url)
    assert deliver(ledger, FixedClock()) == {"delivered": 1}
    assert deliver(ledger, FixedClock(NOON + DAY)) == {}
    ((headers, body),) = receiver.received
    assert is_signed(headers, body, secret)
    assert not is_signed(headers, body + b" ", secret)
    assert headers["webhook-id"] == "alert-1"
    assert headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["data"]["document"]["sentence"] == "The harvest of 1 began."


def test_a_failure_is_tried_again_later_and_later(ledger: SqlLedger, receiver: Receiver) -> None:
    watch_for(ledger, receiver.url)
    receiver.script = [500, 302, 429]
    clock = FixedClock()
    for wait in WAITS[:3]:
        assert deliver(ledger, clock) == {"failed": 1}
        (waiting,) = ledger.alerts.undelivered()
        assert waiting.due_at
        assert wait <= waiting.due_at - clock.time <= wait * 1.5
        assert deliver(ledger, clock) == {}
        clock.time = waiting.due_at
    assert deliver(ledger, clock) == {"delivered": 1}
    assert receiver.ids == ["alert-1"] * 4
    assert len({body for _, body in receiver.received}) == 1


@pytest.mark.parametrize("status", [302, 307])
def test_no_redirect_is_followed(ledger: SqlLedger, receiver: Receiver, status: int) -> None:
    watch_for(ledger, receiver.url)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        location = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/hook"
        receiver.script, receiver.headers = [status], {"Location": location}
        assert deliver(ledger, FixedClock(), timeout=1) == {"failed": 1}
        elsewhere.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody has connected
            elsewhere.accept()
    (waiting,) = ledger.alerts.undelivered()
    assert waiting.detail == f"answered {status}"


def test_a_receiver_says_itself_how_long_to_wait(ledger: SqlLedger, receiver: Receiver) -> None:
    watch_for(ledger, receiver.url)
    receiver.script, receiver.headers = [503], {"Retry-After": "7200"}
    deliver(ledger, FixedClock())
    (waiting,) = ledger.alerts.undelivered()
    assert waiting.due_at == NOON + timedelta(hours=2)
    assert waiting.detail == "answered 503"


def test_a_receiver_that_asked_for_a_pause_is_not_sent_what_is_new_before_its_end(
    ledger: SqlLedger, receiver: Receiver
) -> None:
    watch_for(ledger, receiver.url)
    receiver.script, receiver.headers = [429, 400], {"Retry-After": "3600"}
    clock = FixedClock()
    assert deliver(ledger, clock) == {"failed": 1}
    clock.time = NOON + timedelta(minutes=5)
    ledger.alerts.note_alerts([an_alert(2, at=clock.time)], {})
    assert deliver(ledger, clock) == {}
    clock.time = NOON + timedelta(hours=1)
    assert deliver(ledger, clock) == {"failed": 1, "delivered": 1}
    assert receiver.ids == ["alert-1", "alert-2", "alert-1"]
    ledger.alerts.note_alerts([an_alert(3, at=clock.time)], {})
    assert deliver(ledger, clock) == {"delivered": 1}  # what was refused as a message holds up no other


def test_a_receiver_that_is_down_is_left_alone_until_its_next_try_and_not_once_it_is_given_up(
    ledger: SqlLedger, receiver: Receiver
) -> None:
    watch_for(ledger, receiver.url)
    receiver.script = [500] * (len(WAITS) + 1)
    clock = FixedClock()
    for tries, _ in enumerate(WAITS, 1):
        deliver(ledger, clock)
        (waiting,) = ledger.alerts.undelivered()
        assert waiting.due_at
        clock.time = waiting.due_at
        assert len(receiver.received) == tries
    ledger.alerts.note_alerts([an_alert(2, at=clock.time - timedelta(hours=8))], {})
    clock.time -= timedelta(hours=8)
    assert deliver(ledger, clock) == {}
    clock.time += timedelta(hours=8)
    assert deliver(ledger, clock) == {"failed": 1}  # the one that was not tried yet
    clock.time += timedelta(minutes=2)
    receiver.script = [204, 500]
    assert deliver(ledger, clock) == {"dead": 1, "delivered": 1}
    ledger.alerts.note_alerts([an_alert(3, at=clock.time)], {})
    assert deliver(ledger, clock) == {"delivered": 1}


def test_after_the_last_try_it_is_dead_and_can_be_replayed(ledger: SqlLedger, receiver: Receiver) -> None:
    watch_for(ledger, receiver.url)
    receiver.script = [500] * (len(WAITS) + 1)
    clock = FixedClock()
    for _ in WAITS:
        assert deliver(ledger, clock) == {"failed": 1}
        clock.time += 2 * DAY
    assert deliver(ledger, clock) == {"dead": 1}
    (dead,) = ledger.alerts.undelivered()
    assert (dead.state, dead.detail) == (DeliveryState.DEAD, "answered 500 (after 7 tries)")
    clock.time += 9 * DAY
    assert deliver(ledger, clock) == {}
    assert ledger.alerts.revive_deliveries([dead.alert.id], clock.time) == 1
    assert deliver(ledger, clock) == {"delivered": 1}
    assert ledger.alerts.undelivered() == ()


def test_a_receiver_that_is_gone_is_given_up_at_once(ledger: SqlLedger, receiver: Receiver) -> None:
    watch_for(ledger, receiver.url)
    receiver.script = [410]
    assert deliver(ledger, FixedClock()) == {"dead": 1}


def test_a_receiver_that_hangs_or_is_down_does_not_hold_up_another(ledger: SqlLedger, receiver: Receiver) -> None:
    with open_receiver() as hanging:
        released = threading.Event()
        hanging.before_answer = released.wait
        watch_for(ledger, hanging.url, receiver.url, "http://127.0.0.1:9/down", alerts=3)
        assert deliver(ledger, FixedClock(), timeout=0.5) == {"delivered": 3, "failed": 2}
        released.set()
    assert sorted(receiver.ids) == ["alert-1", "alert-2", "alert-3"]
    assert len(hanging.received) == 1  # the others are not tried on who does not answer
    details = {each.detail for each in ledger.alerts.undelivered()}
    assert details == {
        f"{hanging.url}: no whole answer within 0.5 s",
        "http://127.0.0.1:9/down: cannot connect: Connection refused",
    }


def test_a_message_that_is_refused_does_not_hold_up_those_after_it(ledger: SqlLedger, receiver: Receiver) -> None:
    watch_for(ledger, receiver.url, alerts=3)
    receiver.script = [400]
    assert deliver(ledger, FixedClock()) == {"delivered": 2, "failed": 1}


def test_a_wait_that_cannot_be_read_is_none(ledger: SqlLedger, receiver: Receiver) -> None:
    watch_for(ledger, receiver.url)
    receiver.script, receiver.headers = [503], {"Retry-After": "Mon, 23 Nov 2026 12:05:00 +99999999999999999999"}
    assert deliver(ledger, FixedClock()) == {"failed": 1}
    (waiting,) = ledger.alerts.undelivered()
    assert waiting.detail == "answered 503"


def test_a_failure_that_nobody_foresaw_is_of_its_delivery_alone(ledger: SqlLedger, receiver: Receiver) -> None:
    class Flawed(HttpWebhooks):
        async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Capture:
            if url.endswith("/flawed"):
                raise RuntimeError("out of order")
            await asyncio.sleep(0)  # the other fails while this is under way
            return await super().send(url, body, headers)

    async def run() -> Counter[str]:
        async with Flawed(clock=FixedClock(), allowed_networks=LOOPBACK) as webhooks:
            return await deliver_alerts(alerts=ledger.alerts, webhooks=webhooks, clock=FixedClock())

    watch_for(ledger, "http://127.0.0.1:9/flawed", receiver.url)
    assert asyncio.run(run()) == {"delivered": 1, "failed": 1}
    (waiting,) = ledger.alerts.undelivered()
    assert (waiting.attempts, waiting.detail) == (1, "RuntimeError: out of order")


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/"])
def test_private_addresses_are_refused_unless_the_settings_allow_them(
    ledger: SqlLedger, receiver: Receiver, url: str
) -> None:
    watch_for(ledger, url.format(port=receiver.url.split(":")[2].partition("/")[0]))
    assert deliver(ledger, FixedClock(), allowed=()) == {"dead": 1}
    assert "not a public address" in ledger.alerts.undelivered()[0].detail
    assert receiver.received == []


def test_a_webhook_that_was_taken_from_the_search_gets_nothing_more(ledger: SqlLedger, receiver: Receiver) -> None:
    watch_for(ledger, receiver.url)
    ledger.alerts.save_search(a_search(), replaces=True)
    assert deliver(ledger, FixedClock()) == {"dead": 1}
    assert receiver.received == []


def test_a_test_message_says_how_each_webhook_answers(receiver: Receiver) -> None:
    async def run() -> dict[str, str]:
        async with HttpWebhooks(clock=FixedClock(), allowed_networks=LOOPBACK) as webhooks:
            search = a_search("harvests", "x", "any", receiver.url, "http://127.0.0.1:9/down")
            return await send_test(search, webhooks=webhooks, clock=FixedClock())

    answers = asyncio.run(run())
    assert answers[receiver.url] == "delivered"
    assert "Connection refused" in answers["http://127.0.0.1:9/down"]
    assert json.loads(receiver.received[0][1])["type"] == "newswire.test"


SENDER = """
import asyncio, sys
from ipaddress import ip_network
from pipeline.adapters.http_webhooks import HttpWebhooks
from pipeline.adapters.sql_ledger import open_ledger
from pipeline.alerts.delivery import deliver_alerts
from tests.fixtures.documents import FixedClock

async def run():
    async with HttpWebhooks(clock=FixedClock(), allowed_networks=[ip_network("127.0.0.0/8")]) as webhooks:
        await deliver_alerts(alerts=open_ledger(sys.argv[1]).alerts, webhooks=webhooks, clock=FixedClock())

asyncio.run(run())
"""


def test_a_sender_that_is_killed_after_sending_sends_again_under_the_same_id(
    ledger: SqlLedger, receiver: Receiver, tmp_path: Path
) -> None:
    secret = watch_for(ledger, receiver.url)
    command = [sys.executable, "-c", SENDER, f"sqlite:///{tmp_path / 'ledger.sqlite'}"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as sender:
        receiver.before_answer = lambda: os.kill(sender.pid, signal.SIGKILL)  # received, and nobody notes it
        assert sender.wait(60) == -signal.SIGKILL
    receiver.before_answer = lambda: None
    assert deliver(ledger, FixedClock()) == {}  # it may still be at work
    assert deliver(ledger, FixedClock(NOON + LEASE)) == {"delivered": 1}
    assert receiver.ids == ["alert-1", "alert-1"]
    assert all(is_signed(headers, body, secret) for headers, body in receiver.received)
