"""Celery's configuration in Airflow: Airflow's own, with workers that preload before they fork.

Named by AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS=pipeline.orchestration.celery_config.CELERY_CONFIG.
"""

import sys

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

CELERY_CONFIG = {**DEFAULT_CELERY_CONFIG}

# The scheduler reads this configuration too, and has nothing to preload.
if sys.argv[1:3] == ["celery", "worker"]:
    from celery.signals import worker_init  # type: ignore[import-untyped]  # has no types

    # In the parent, before the pool of processes is forked: worker_process_init would load once for each of them.
    @worker_init.connect(weak=False)  # type: ignore[untyped-decorator]  # as above
    def _preload(**_: object) -> None:
        from pipeline.orchestration.preload import preload  # noqa: PLC0415 - only here

        preload()
