"""What Airflow must know of Newswire before it reads a DAG; found by the entry point in pyproject.toml."""

from airflow.plugins_manager import AirflowPlugin

from pipeline.orchestration.timetables import DailyWhenAsked


class NewswirePlugin(AirflowPlugin):
    """Registers what stands in serialised DAGs."""

    name = "newswire"
    timetables = [DailyWhenAsked]  # noqa: RUF012 - as Airflow declares it
