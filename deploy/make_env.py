"""Write the random secrets that docker-compose.yml requires into .env, readable by its owner alone.

What the file already says stays as it is; only what is missing is added. So it can run before every start, and a
newer docker-compose.yml that needs one more secret gets it. Standard library only: it runs before any set-up.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

# Hexadecimal, which needs quoting nowhere: these end in URLs, JSON, SQL and configuration files.
NAMES = (
    "POSTGRES_PASSWORD",
    "AIRFLOW_DB_PASSWORD",
    "AIRFLOW_ADMIN_PASSWORD",
    "AIRFLOW_API_SECRET_KEY",
    "AIRFLOW_JWT_SECRET",
    "NEWSWIRE_DB_PASSWORD",
    "REDIS_PASSWORD",
    "ELASTIC_PASSWORD",
    "KIBANA_SYSTEM_PASSWORD",
    "KIBANA_ENCRYPTION_KEY",
)
HEAD = "# Secrets of docker-compose.yml, by deploy/make_env.py. Keep this file: the volumes know these passwords.\n"


def fresh_secrets() -> dict[str, str]:
    """Draw a new value for every variable that docker-compose.yml requires."""
    fernet_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {name: secrets.token_hex(32) for name in NAMES} | {"AIRFLOW_FERNET_KEY": fernet_key}


def complete(path: Path) -> list[str]:
    """Add what the file lacks, make it if there is none, close it to others, and name what was added."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    present = {line.partition("=")[0].strip() for line in text.splitlines()}
    missing = {name: value for name, value in fresh_secrets().items() if name not in present}
    lead = HEAD if not text else "" if text.endswith("\n") else "\n"
    # Made with its mode rather than closed afterwards, and appended to rather than written anew: at no moment can
    # another user read it, and no interruption loses a password that a volume knows.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.writelines([lead, *(f"{name}={value}\n" for name, value in missing.items())])
    return list(missing)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".env")
    added = complete(target)
    print(f"{target}: {len(added)} secrets added" if added else f"{target}: complete, nothing changed")
