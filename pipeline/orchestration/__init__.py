"""What Airflow needs beside the DAG files; nothing here is imported when a DAG file is parsed."""
