"""What is watched for, what was noticed, and where that is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.model.query import Query


class ConditionKind(StrEnum):
    """When a saved search alerts: ``alerts/conditions.py`` says how each is decided."""

    #: Each document that it finds.
    ANY = "any"
    #: The first document ever.
    FIRST = "first"
    #: The first document for so long that names two together.
    TOGETHER = "together"
    #: More documents in a day than usual.
    VOLUME = "volume"
    #: No document for so long.
    SILENCE = "silence"


def is_in_days(span: timedelta) -> bool:
    """Tell whether people would say it in days: 24 hours are hours."""
    return span > timedelta(days=1) and not span % timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When to alert; ``span`` is how long nothing was there, of those kinds that ask for it."""

    kind: ConditionKind
    span: timedelta | None = None

    def __str__(self) -> str:
        """As users write it, such as ``together:30d``."""
        if self.span is None:
            return str(self.kind)
        hours = int(self.span.total_seconds()) // 3600
        return f"{self.kind}:{hours // 24}d" if is_in_days(self.span) else f"{self.kind}:{hours}h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that alerts are sent to, and the secret that they are signed with (``whsec_`` and base64)."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch:
    """A query under a name, when it alerts, and where to; its feeds are there without asking."""

    name: str
    query: Query
    conditions: tuple[Condition, ...]
    webhooks: tuple[Webhook, ...] = ()
    #: What its names may mean, as ports.SearchStore.entities_of said at ``looked_up_at``: to be asked at once with many others.
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looked_up_at: datetime | None = None
    #: Since when it asks this. Silence is counted from here on where nothing was ever found.
    created_at: datetime
    #: The same of conditions that it was given later, as they are written.
    added_at: Mapping[str, datetime] = field(default_factory=dict)
    #: The index held what it finds when it was saved: no document to come is the first.
    found_before: bool = False

    def begun_at(self, condition: Condition) -> datetime:
        """Return since when this condition is asked of this query: what was before is another's."""
        return self.added_at.get(str(condition), self.created_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The document that shows an alert, with the sentence that does."""

    article_id: str
    url: str
    headline: str
    publisher: str
    language: str
    #: Of publication, else of the capture.
    date: datetime
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A condition of a saved search came true."""

    #: The same whenever the same is noticed again: who receives it twice can tell.
    id: str
    search: str
    condition: Condition
    #: When it was noticed.
    at: datetime
    #: What came true, in a line.
    said: str
    #: None for a silence of a search that never found anything.
    shown: Shown | None = None
    #: No other alert of this condition so long before or after the document's date; of ``volume``, before or after ``at``;
    #: of ``silence``, none since it was silent, so long after the document.
    apart: timedelta | None = None


class DeliveryState(StrEnum):
    """How far the delivery of an alert to a webhook is."""

    WAITING = "waiting"
    #: The same, and nothing else goes to its receiver before: that did not answer, or had trouble of its own.
    PAUSED = "paused"
    DELIVERED = "delivered"
    #: Given up: see ``newswire alerts undelivered``.
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An alert on its way to a webhook."""

    alert: Alert
    url: str
    state: DeliveryState = DeliveryState.WAITING
    #: Tries that failed.
    attempts: int = 0
    #: Not before; None once it is delivered or dead.
    due_at: datetime | None = None
    #: What went wrong at the last try.
    detail: str = ""
    #: None where the search no longer has the webhook.
    webhook: Webhook | None = None
