"""Which queue tasks wait in. Imported at every parse of a DAG file: the standard library alone."""

import os


def admin_queue() -> dict[str, str]:
    """Return the argument ``queue`` of tasks that need the administrator's key of Elasticsearch: NEWSWIRE_ADMIN_QUEUE, if set.

    It is a queue of Celery's; only workers that have the key should listen to it. Not set, the tasks wait where all others do.
    """
    name = os.environ.get("NEWSWIRE_ADMIN_QUEUE")
    return {"queue": name} if name else {}
