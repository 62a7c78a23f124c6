"""What the tasks of the DAG alert do: asking the saved searches, and sending what they noticed, over this process's wiring."""

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipeline.alerts.delivery import alert_json
from pipeline.orchestration.runs import airflow_errors, process_wiring

#: Articles are looked at a hundred at a time; what is left after so many looks waits for the next run.
MOST_LOOKS = 100
#: Alerts in one event, and how old they may be: whoever turns Airflow on gets no year of them.
MOST_ANNOUNCED = 100
ANNOUNCED_FOR = timedelta(days=1)

log = logging.getLogger(__name__)


def watch() -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Ask the saved searches; return the numbers, and the event to announce where there are alerts that no event told.

    The event goes out when the task has ended well. So the next task notes it, and a task that is tried again tells the same.
    """
    with airflow_errors():
        wiring = process_wiring()
        if not wiring.alerts.searches():
            raise AirflowSkipException("there are no saved searches: newswire searches add")
        counts = Counter[str]()
        for _ in range(MOST_LOOKS):
            watched = wiring.watch_documents()
            counts.update(documents=watched.documents, noticed=len(watched.alerts))
            if not watched.documents:
                break
        counts["noticed"] += len(wiring.watch_silence().alerts)
        news = wiring.alerts.unannounced(wiring.clock.now() - ANNOUNCED_FOR, limit=MOST_ANNOUNCED)
    log.info("watch: %d articles, %d alerts", counts["documents"], counts["noticed"])
    searches = Counter(alert.search for alert in news)
    event = {"searches": dict(searches), "alerts": [alert_json(alert) for alert in news]} if news else None
    return dict(counts) | {"announced": [alert.id for alert in news]}, event


def deliver(announced: list[str] | None) -> dict[str, int]:
    """Note what was announced, and send to webhooks what is due; return how many deliveries went how.

    None is announced where ``watch`` failed; sent is what is due all the same, since that asks the ledger alone. Raises
    AirflowFailException then, lest the run be taken for a good one.
    """
    with airflow_errors():
        wiring = process_wiring()
        wiring.alerts.mark_announced(announced or ())
        counts = dict(asyncio.run(wiring.deliver_alerts()))
    log.info("deliver: %s", ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing was due")
    if announced is None:
        raise AirflowFailException("the saved searches were not asked: see the log of watch")
    return counts
