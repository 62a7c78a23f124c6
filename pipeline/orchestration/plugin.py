"""What Newswire adds to Airflow itself: pools, a timetable, the search page, and workers warm before their first task.

Found by Airflow through the entry point ``airflow.plugins``. Imported in every Airflow process, also in those of tasks: so
nothing here costs anything before it is needed.
"""

import sys

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from pipeline.orchestration.search_page import PATH, SearchPage
from pipeline.orchestration.timetables import DailyWhenAsked

#: Slots of each pool: fetching waits for others' servers, past work must leave the workers to live work.
POOLS = {
    "fetch": (4, "Newswire: tasks that ask other people's servers"),
    "past": (1, "Newswire: backfills and replays, which leave the other slots to live work"),
}


class SchedulerListener:
    """Prepares the scheduler as it starts; with the LocalExecutor, tasks are its forks."""

    @hookimpl
    def on_starting(self, component: object) -> None:
        """Make the pools that are missing; preload where tasks will be forked from here."""
        # It fires in every task's process as well, with the job's type not set yet: so the command line tells.
        if type(component).__name__ == "Job" and sys.argv[1:2] == ["scheduler"]:
            from airflow.configuration import conf  # noqa: PLC0415 - see the module's docstring

            make_pools()
            if "LocalExecutor" in str(conf.get("core", "executor")):
                from pipeline.orchestration.preload import preload  # noqa: PLC0415 - as above

                preload()


def make_pools() -> None:
    """Make the pools that are missing; those that are there are the operator's."""
    from airflow.models.pool import Pool  # noqa: PLC0415 - see the module's docstring

    there = {pool.pool for pool in Pool.get_pools()}
    for name, (slots, description) in POOLS.items():
        if name not in there:
            Pool.create_or_update_pool(name=name, slots=slots, description=description, include_deferred=False)


class NewswirePlugin(AirflowPlugin):
    """Registers the listener, the page with its place in the menu, and what stands in serialised DAGs."""

    name = "newswire"
    listeners = [SchedulerListener()]  # noqa: RUF012 - Airflow's way
    timetables = [DailyWhenAsked]  # noqa: RUF012 - as above
    fastapi_apps = [{"app": SearchPage(), "url_prefix": PATH, "name": "Newswire"}]  # noqa: RUF012 - as above
    # Without a route of its own it opens as a page of its own: a frame would hide its address, which is for sharing.
    external_views = [{"name": "News search", "href": f"{PATH}/", "destination": "nav", "category": "browse"}]  # noqa: RUF012
