"""What the flow needs from the world: small protocols, each docstring a promise that every adapter keeps.

Any method can raise ``errors.StoreUnavailable`` (or, for the Fetcher, ``errors.Retry``) when the other side does not answer.
"""

from pipeline.ports.alerts import Alerts
from pipeline.ports.archive import Archive, BatchWriter, WarcSource
from pipeline.ports.clock import Clock
from pipeline.ports.confinement import Confinement
from pipeline.ports.fetching import Fetcher, Hosts
from pipeline.ports.grants import Grants, Key
from pipeline.ports.knowledge import Added, Knowledge, KnownNames
from pipeline.ports.ledger import Holding, Ledger, Recorded
from pipeline.ports.printings import Printings, Reprints
from pipeline.ports.search_store import Asked, Entities, Form, Matched, Refusal, SearchStore, StoredMonth, StoreStatus
from pipeline.ports.stories import Stories
from pipeline.ports.tagger import Tagger
from pipeline.ports.webhooks import Webhooks

__all__ = [
    "Added",
    "Alerts",
    "Archive",
    "Asked",
    "BatchWriter",
    "Clock",
    "Confinement",
    "Entities",
    "Fetcher",
    "Form",
    "Grants",
    "Holding",
    "Hosts",
    "Key",
    "Knowledge",
    "KnownNames",
    "Ledger",
    "Matched",
    "Printings",
    "Recorded",
    "Refusal",
    "Reprints",
    "SearchStore",
    "StoreStatus",
    "StoredMonth",
    "Stories",
    "Tagger",
    "WarcSource",
    "Webhooks",
]
