"""The search page: plain HTML that works without JavaScript, and better with it, mounted in the Airflow UI and served alone."""
