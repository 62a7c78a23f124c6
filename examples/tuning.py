"""Airflow's settings under which an item in a feed can be searched for seconds later; docker-compose.yml has the same.

Measured on Airflow 3.3.2 with two cores: half of the items after 9.3 s with the defaults and one task, after 1.9 s with
these and preloaded workers. benchmarks/latency.py measures what three tasks take.
"""

TUNING = {
    "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "pipeline.orchestration.celery_config.CELERY_CONFIG",  # preloads
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    # A worker that was killed is found out, and its tasks are tried again, in half a minute instead of five.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    # A scheduler looks after its own tasks alone; those of one that was killed are taken over as soon.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",  # else four tasks in ten hold their slot 5 s after their end
    "OMP_NUM_THREADS": "1",  # tasks are the parallelism; threads inside them only compete
}
