# Newswire inside the official Airflow image: one image for every Airflow service of docker-compose.yml.
FROM apache/airflow:3.3.2-python3.12

# Mount points exist beforehand, so that a new volume belongs to the airflow user and not to root.
USER root
RUN install --directory --owner=airflow --group=0 --mode=0775 /opt/newswire /opt/newswire/archive \
    && install --directory --owner=airflow --group=0 --mode=0700 /opt/newswire/keys /opt/newswire/keys/writer \
    /opt/newswire/keys/reader /opt/newswire/keys/admin
USER airflow

# The locked libraries come first: a change in our code then rebuilds the last layers only.
COPY requirements.lock /opt/newswire/
RUN pip install --no-cache-dir --require-hashes --requirement /opt/newswire/requirements.lock

COPY --chown=airflow:0 pyproject.toml README.md LICENSE /opt/newswire/source/
COPY --chown=airflow:0 mappings /opt/newswire/source/mappings
COPY --chown=airflow:0 pipeline /opt/newswire/source/pipeline
# The lock file has the build backend too, so that nothing is fetched here unhashed.
RUN pip install --no-cache-dir --no-deps --no-build-isolation "/opt/newswire/source[postgres,s3,celery]"

# What the extras bring must be locked and fit together: fail here rather than at the first task. The import writes an
# airflow.cfg with keys of its own, which has no place in an image.
RUN export AIRFLOW_HOME=/tmp/airflow \
    && python -c "import airflow.providers.celery.executors.celery_executor, psycopg, s3fs" \
    && newswire --help > /dev/null \
    && rm -rf /tmp/airflow

COPY --chown=airflow:0 dags /opt/airflow/dags
