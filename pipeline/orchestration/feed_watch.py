"""The feed watcher in Airflow's triggerer: rings the asset's bell when pages wait to be fetched.

Imported at every parse of a DAG file: Airflow and the standard library alone, the rest where it runs.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

if TYPE_CHECKING:
    from pipeline.wiring import Wiring

log = logging.getLogger(__name__)

#: How long a poll waits for its turn at a host that has several feeds, before it gives way to other hosts' feeds.
PATIENCE = timedelta(seconds=2)
#: After settings that cannot be used; whoever mends them need not restart the triggerer.
TRY_AGAIN = 30.0


class FeedWatchTrigger(BaseEventTrigger):
    """Watches all feeds of the ledger for ever; an event tells how many entries were found, and that is all it tells."""

    def __init__(self, tick: float = 0.5) -> None:
        """Look for due feeds every ``tick`` seconds, and fire at most once in that time."""
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's triggers have few types
        self.tick = tick

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the triggerer makes the trigger of. It must never change between two parses: watchers would start anew."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"tick": self.tick}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch until cancelled."""
        from pipeline.errors import NewswireError  # noqa: PLC0415 - not at parse

        while True:
            try:
                # Importing takes a second, opening asks Airflow for connections: not in the triggerer's only thread.
                wiring = await asyncio.to_thread(_open_wiring)
                try:
                    async for event in self._watch(wiring):
                        yield event
                finally:
                    await asyncio.to_thread(wiring.close)
            except NewswireError as error:
                log.warning("the feeds cannot be watched: %s; next try in %.0f s", error, TRY_AGAIN)
                await asyncio.sleep(TRY_AGAIN)
            except Exception:
                # A trigger that ends is started again every few seconds, and its error is all that the log then shows.
                log.exception("unexpected error; please report it; the watch goes on in %.0f s", TRY_AGAIN)
                await asyncio.sleep(TRY_AGAIN)

    async def _watch(self, wiring: "Wiring") -> AsyncIterator[TriggerEvent]:
        from pipeline.watch import watch_feeds  # noqa: PLC0415 - not at parse

        log.info("watching the feeds, every %.1f s", self.tick)
        async with wiring.fetcher(patience=PATIENCE) as fetcher:
            async for found in watch_feeds(
                ledger=wiring.ledger,
                fetcher=fetcher,
                confined=wiring.confined,
                clock=wiring.clock,
                tick=timedelta(seconds=self.tick),
                refresh=wiring.refresh_sources,
            ):
                log.info("ringing: %s", dict(found.entries) or "pages wait")
                yield TriggerEvent({"entries": dict(found.entries)})  # type: ignore[no-untyped-call]  # as above


def _open_wiring() -> "Wiring":
    from pipeline.orchestration.runs import open_wiring  # noqa: PLC0415 - not at parse
    from pipeline.parts import import_adapters  # noqa: PLC0415 - as above

    import_adapters()
    wiring = open_wiring()
    _ = wiring.ledger  # opened, and migrated, here
    return wiring
