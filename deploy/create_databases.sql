-- Run by the postgres image, once, when its volume is empty: a database and an owner for Airflow and for the ledger each.
\getenv airflow_password AIRFLOW_DB_PASSWORD
\getenv newswire_password NEWSWIRE_DB_PASSWORD

CREATE ROLE airflow LOGIN PASSWORD :'airflow_password';
CREATE DATABASE airflow OWNER airflow;

CREATE ROLE newswire LOGIN PASSWORD :'newswire_password';
CREATE DATABASE newswire OWNER newswire;

-- By default every role may connect to every database.
REVOKE CONNECT ON DATABASE airflow, newswire FROM PUBLIC;
