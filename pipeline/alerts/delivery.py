"""Sending alerts to webhooks: signed, tried again ever later, given up in the end, and then for a person to see.

A message may come twice: where its sender dies after sending and before noting that, it is sent again when the lease ends. Its
``webhook-id`` is the alert's id, each time the same: who keeps the ids it has seen gets each alert once.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from pipeline.alerts.signing import sign_message
from pipeline.boundary import boundary, gather
from pipeline.errors import Reject, Retry
from pipeline.fetch.responses import retry_after
from pipeline.model import codec
from pipeline.model.alert import Alert, Delivery, DeliveryState, SavedSearch
from pipeline.model.capture import Capture
from pipeline.ports import Alerts, Clock, Webhooks

#: After the first, second … failed try; after the last of them the delivery is dead: a day and a half in all.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
#: Deliveries of one pass, and how long it goes on; what is left waits for the next.
AT_ONCE = 200
PASS_FOR = timedelta(minutes=1)
#: Longer than a pass takes; what a sender that died had taken is free after it.
LEASE = timedelta(minutes=3)

#: The message will never be taken, as far as the receiver says.
_FINAL = {HTTPStatus.GONE}


async def deliver_alerts(*, alerts: Alerts, webhooks: Webhooks, clock: Clock, limit: int = AT_ONCE) -> Counter[str]:
    """Send what is due; return how many deliveries are ``delivered``, ``failed`` (and tried again), and ``dead``.

    Addresses are served side by side. One that does not answer is left alone until its next try is due.
    """
    now = clock.now()
    by_url = defaultdict[str, list[Delivery]](list)
    for delivery in alerts.due_deliveries(now, limit=limit, lease=LEASE):
        by_url[delivery.url].append(delivery)
    outcomes = Counter[str]()

    async def deliver_to(group: Sequence[Delivery]) -> None:
        for number, delivery in enumerate(group):
            if clock.now() - now > PASS_FOR:
                alerts.save_deliveries([replace(each, due_at=clock.now()) for each in group[number:]])
                return
            ended, is_down = await _deliver(delivery, webhooks, clock)
            alerts.save_deliveries([ended])
            outcomes[_outcome(ended)] += 1
            if is_down:
                again_at = ended.due_at or clock.now() + WAITS[0]
                alerts.save_deliveries([replace(each, due_at=again_at) for each in group[number + 1 :]])
                return

    await gather([deliver_to(group) for group in by_url.values()])
    return outcomes


def alert_json(alert: Alert) -> dict[str, Any]:
    """Return the alert as webhooks, feeds, asset events and the command line tell it."""
    shown = codec.to_json(alert.shown) if alert.shown else None
    form = {
        "id": alert.id,
        "search": alert.search,
        "condition": str(alert.condition),
        "at": alert.at.isoformat(),
        "said": alert.said,
    }
    return form | ({"document": shown} if shown else {})


def message_body(alert: Alert) -> bytes:
    """Return the message's body, the same at each try: type, time and data, as the specification recommends."""
    form = {"type": "newswire.alert", "timestamp": alert.at.isoformat(), "data": alert_json(alert)}
    return codec.encode(form)


async def send_test(search: SavedSearch, *, webhooks: Webhooks, clock: Clock) -> dict[str, str]:
    """Send each webhook of the search a message of the type ``newswire.test``; return how it went, by address."""
    now = clock.now()
    form = {"type": "newswire.test", "timestamp": now.isoformat(), "data": {"search": search.name}}
    answers = {}
    for hook in search.webhooks:
        body = codec.encode(form)
        headers = sign_message(hook.secret, f"test-{int(now.timestamp())}", now, body)
        try:
            status = (await webhooks.send(hook.url, body, headers)).status
            answers[hook.url] = "delivered" if _is_taken(status) else f"answered {status}"
        except (Reject, Retry) as error:
            answers[hook.url] = str(error)
    return answers


async def _deliver(delivery: Delivery, webhooks: Webhooks, clock: Clock) -> tuple[Delivery, bool]:
    """Return how it went, and whether the receiver does not answer, whatever it is sent; what nobody foresaw is a failed try."""
    unforeseen: list[str] = []
    with boundary(lambda _, detail: unforeseen.append(detail)):
        ended = await _send(delivery, webhooks, clock)
    return (_again(delivery, unforeseen[0], clock.now()), False) if unforeseen else ended


async def _send(delivery: Delivery, webhooks: Webhooks, clock: Clock) -> tuple[Delivery, bool]:
    """Return as above, of what a receiver can be expected to do."""
    if delivery.webhook is None:
        return _dead(delivery, "the search no longer has this webhook"), False
    body = message_body(delivery.alert)
    headers = sign_message(delivery.webhook.secret, delivery.alert.id, clock.now(), body)
    try:
        answer = await webhooks.send(delivery.url, body, headers)
    except Reject as error:
        return _dead(delivery, error.detail), False
    except Retry as error:
        return _again(delivery, str(error), clock.now(), is_down=True), True
    if _is_taken(answer.status):
        return replace(delivery, state=DeliveryState.DELIVERED, due_at=None, detail=""), False
    detail = f"answered {answer.status}"
    if answer.status in _FINAL:
        return _dead(delivery, detail), False
    is_down = _is_down(answer.status)
    return _again(delivery, detail, clock.now(), answer, is_down=is_down), is_down


def _again(
    delivery: Delivery, detail: str, now: datetime, answer: Capture | None = None, *, is_down: bool = False
) -> Delivery:
    """Return the delivery as waiting for its next try, its receiver with it where that is down, or as dead after the last."""
    state = DeliveryState.PAUSED if is_down else DeliveryState.WAITING
    failed = replace(delivery, state=state, attempts=delivery.attempts + 1, detail=detail)
    if delivery.attempts >= len(WAITS):
        return _dead(failed, f"{detail} (after {failed.attempts} tries)")
    wait = WAITS[delivery.attempts] * (1 + random.random() / 2)  # noqa: S311 - what failed together comes apart
    asked = retry_after(answer) if answer else None
    return replace(failed, due_at=now + max(wait, asked or timedelta(0)))


def _dead(delivery: Delivery, detail: str) -> Delivery:
    return replace(delivery, state=DeliveryState.DEAD, due_at=None, detail=detail)


def _is_taken(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - the successful ones


def _is_down(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _outcome(delivery: Delivery) -> str:
    return "failed" if delivery.due_at else str(delivery.state)
