"""The search page: plain HTML that works without JavaScript, mounted in the Airflow UI and served alone."""
