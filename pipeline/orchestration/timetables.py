"""Timetables that Airflow does not have; light, for the DAG files import them when they are parsed."""

from typing import Any

from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable


class DailyWhenAsked(CronDataIntervalTimetable):
    """A day in UTC for each run of a backfill, and no run by itself."""

    description = "Never by itself; a backfill makes one run a day"

    def __init__(self) -> None:
        """Begin each day at midnight."""
        super().__init__("0 0 * * *", timezone="UTC")

    @property
    def summary(self) -> str:
        """What the UI shows as the schedule."""
        return "when asked"

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "DailyWhenAsked":  # noqa: ARG003 - there is nothing to set
        """Return one, as Airflow asks for after it has read a DAG from its database."""
        return cls()

    def serialize(self) -> dict[str, Any]:
        """Return nothing: there is nothing to set."""
        return {}

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the next day of a backfill, which asks for all of them; the scheduler, which does not catch up, gets none."""
        if not restriction.catchup:
            return None
        return super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )
