"""What is watched for, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from pipeline.model.alert import Alert, Delivery, SavedSearch


class Alerts(Protocol):
    """Keeps saved searches, their alerts, and the alerts' deliveries, in the ledger's database. Every method is one transaction.

    An article is *unwatched* from when the ledger keeps it as newly indexed or changed until the saved searches were asked about
    it. Only live articles are, and only where there is a saved search.
    """

    def save_search(self, search: SavedSearch, *, replaces: bool = False) -> None:
        """Keep the search. Raises UsageError where the name is taken and it does not replace that one.

        One that replaces another goes on with its alerts; what is on its way to a webhook that is no longer there will be dead.
        """
        ...

    def searches(self) -> tuple[SavedSearch, ...]:
        """Return all, by name."""
        ...

    def change_searches(self, changes: Sequence[tuple[SavedSearch, SavedSearch]]) -> int:
        """Keep searches as changed, each unless somebody else has changed it since; return how many were kept."""
        ...

    def remove_search(self, name: str) -> bool:
        """Forget the search, its alerts and their deliveries; tell whether there was one."""
        ...

    def unwatched(self, *, limit: int) -> Mapping[str, int]:
        """Return up to ``limit`` unwatched articles, each with its version."""
        ...

    def note_alerts(self, alerts: Sequence[Alert], watched: Mapping[str, int]) -> tuple[Alert, ...]:
        """Keep alerts with their deliveries, and these versions as watched, all at once; return the alerts that are new.

        Left out is what is known already, what is not ``apart`` enough from another, and what a removed search would say.
        """
        ...

    def alerts(self, search: str | None = None, *, limit: int = 50) -> tuple[Alert, ...]:
        """Return the newest, of one search or of all."""
        ...

    def due_deliveries(self, now: datetime, *, limit: int, lease: timedelta) -> tuple[Delivery, ...]:
        """Return deliveries that are due, those that failed least first; nobody else is given them until the lease ends.

        Left out is all that goes to a receiver one of whose deliveries is paused and not yet due.
        """
        ...

    def save_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Keep how they went."""
        ...

    def undelivered(self, *, limit: int = 1000) -> tuple[Delivery, ...]:
        """Return the dead deliveries and those that failed and wait, the newest first."""
        ...

    def revive_deliveries(self, alert_ids: Sequence[str], now: datetime) -> int:
        """Make dead deliveries due, attempts at zero; all where no alert is named; return how many.

        Their receivers are no longer left alone: what is paused there only waits.
        """
        ...

    def unannounced(self, since: datetime, *, limit: int) -> tuple[Alert, ...]:
        """Return alerts of that time on that Airflow's asset has not told, the oldest first."""
        ...

    def mark_announced(self, alert_ids: Sequence[str]) -> None:
        """Note that it has."""
        ...

    def drop_alerts(self, before: datetime, *, dry_run: bool = False) -> int:
        """Forget what alerts before then said that are not on their way any more; return how many (``dry_run``: would go).

        That it was said is remembered: nothing is noticed again.
        """
        ...
