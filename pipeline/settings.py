"""Every setting in one frozen record; the only reader of the environment and of Airflow connections.

A setting comes from the environment or, inside an Airflow task, from the connection of the same meaning:
``newswire_ledger``, ``newswire_archive``, ``newswire_search``. The environment wins. What holds a secret may lie in a file
that the variable's name with ``_FILE`` names: a process's environment is shown in more places than a file.

One variable alone is read elsewhere, where DAG files are parsed: ``orchestration/queues.py``.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.fetch.addresses import Network
from pipeline.fetch.retries import WAITS
from pipeline.fetch.revisits import REVISITS
from pipeline.model.grant import Grant
from pipeline.setting_values import (
    read_alias,
    read_ca,
    read_contact,
    read_count,
    read_networks,
    read_path,
    read_place,
    read_seconds,
    read_token,
    read_waits,
    read_warc_hosts,
    split_credentials,
)

if TYPE_CHECKING:
    from airflow.sdk import Connection


NO_CONTACT = "no contact set"

CONNECTIONS = {
    "NEWSWIRE_LEDGER_URL": "newswire_ledger",
    "NEWSWIRE_ARCHIVE_URL": "newswire_archive",
    "NEWSWIRE_SEARCH_URL": "newswire_search",
}

#: By grant, the variable that holds its key; whoever has none uses the writer's, which may be the only one.
KEYS = {
    Grant.WRITER: "NEWSWIRE_SEARCH_API_KEY",
    Grant.READER: "NEWSWIRE_SEARCH_READER_API_KEY",
    Grant.ADMIN: "NEWSWIRE_SEARCH_ADMIN_API_KEY",
}

#: Variables that hold a secret.
SECRETS = (
    "NEWSWIRE_LEDGER_URL",
    "NEWSWIRE_SEARCH_URL",
    "NEWSWIRE_SEARCH_PASSWORD",
    *KEYS.values(),
    "NEWSWIRE_SERVE_TOKEN",
    "NEWSWIRE_WEBHOOK_SECRET",
)

#: What a header can carry of a key, and of a login, which is encoded before.
_KEY_SIGNS, _LOGIN_SIGNS = re.compile(r"[\x20-\x7e]*"), re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be configured. Secrets are kept out of ``repr``, so that no log shows them."""

    #: Folder of the embedded ledger, archive and index.
    home: Path
    #: SQLAlchemy URL.
    ledger_url: str = field(repr=False)
    #: A folder, or a URL that universal-pathlib reads, such as ``s3://bucket/archive``.
    archive_url: str = field(repr=False)
    #: ``sqlite:///path``, or http(s) of Elasticsearch, without credentials.
    search_url: str
    search_api_key: str | None = field(default=None, repr=False)
    search_user: str | None = None
    search_password: str | None = field(default=None, repr=False)
    #: PEM file of the certificate authorities that Elasticsearch's certificate is checked by; None: the public ones.
    search_ca: Path | None = None
    #: Elasticsearch's alias; the names of the indices behind it begin with it.
    search_alias: str = "articles"
    #: The sources file (TOML); None: feeds are added by command alone.
    sources: Path | None = None
    #: Folder, listing file or fsspec URL of WARC files that backfills read; None: sitemaps alone.
    warcs: str | None = field(default=None, repr=False)
    #: Whose pages are taken from them: ``sources`` or ``all``.
    warc_hosts: str = "sources"
    #: Private networks that fetching may reach.
    allowed_networks: tuple[Network, ...] = ()
    #: Private networks that webhooks may reach; apart from the above: whoever is told of alerts need not be fetched from.
    webhook_networks: tuple[Network, ...] = ()
    #: What ``newswire searches add`` signs webhooks with; None: each gets a secret of its own.
    webhook_secret: str | None = field(default=None, repr=False)
    #: Whole months, before the current one, whose documents stay in the search store; None: all stay.
    retention_months: int | None = None
    #: Days after which a settled URL's entry loses its content and its summary.
    prune_days: int = 90
    #: Days for which a text is remembered, so that copies of it are found.
    reprint_days: int = 365
    #: How long after its first sight an article is visited again, each once; empty: never, unless a feed says so.
    revisits: tuple[timedelta, ...] = REVISITS
    #: How long to wait after the first failed visit of an address, after the second, and so on; one more visit is the last.
    retries: tuple[timedelta, ...] = WAITS
    #: Least seconds between two requests to one host.
    host_delay: float = 1.0
    #: Seconds that an answer may take, its redirects with it, from the host's turn to the last byte.
    fetch_seconds: float = 30.0
    #: Processor seconds, and megabytes, that reading one page, text or feed may take.
    page_seconds: float = 20.0
    page_megabytes: int = 2048
    #: What visitors of ``newswire serve`` need; None: it serves this machine alone.
    serve_token: str | None = field(default=None, repr=False)
    #: Where publishers reach whoever runs this: an address or a page, sent in the User-Agent.
    contact: str = NO_CONTACT


def read_settings(environ: Mapping[str, str] | None = None, *, grant: Grant = Grant.WRITER) -> Settings:
    """Return the settings that these variables give (default: the process's own), with the key of the grant.

    Raises UsageError naming a bad one.
    """
    values = _read_files({key: value for key, value in (os.environ if environ is None else environ).items() if value})
    _check_sendable(values)
    home = read_path("NEWSWIRE_HOME", values.get("NEWSWIRE_HOME", ".newswire"))
    search_url, user, password = split_credentials(
        values.get("NEWSWIRE_SEARCH_URL", f"sqlite:///{home / 'search.sqlite'}")
    )
    sources, warcs = values.get("NEWSWIRE_SOURCES"), values.get("NEWSWIRE_WARCS")
    return Settings(
        home=home,
        ledger_url=values.get("NEWSWIRE_LEDGER_URL", f"sqlite:///{home / 'ledger.sqlite'}"),
        archive_url=read_place("NEWSWIRE_ARCHIVE_URL", values.get("NEWSWIRE_ARCHIVE_URL", str(home / "archive"))),
        search_url=search_url,
        search_api_key=values.get(KEYS[grant]) or values.get(KEYS[Grant.WRITER]),
        search_user=values.get("NEWSWIRE_SEARCH_USER", user),
        search_password=values.get("NEWSWIRE_SEARCH_PASSWORD", password),
        search_ca=read_ca(values.get("NEWSWIRE_SEARCH_CA"), search_url),
        search_alias=read_alias(values.get("NEWSWIRE_SEARCH_ALIAS", "articles")),
        sources=read_path("NEWSWIRE_SOURCES", sources) if sources else None,
        warcs=read_place("NEWSWIRE_WARCS", warcs) if warcs else None,
        warc_hosts=read_warc_hosts(values.get("NEWSWIRE_WARC_HOSTS", "sources")),
        serve_token=read_token(values.get("NEWSWIRE_SERVE_TOKEN")),
        allowed_networks=read_networks("NEWSWIRE_ALLOWED_NETWORKS", values.get("NEWSWIRE_ALLOWED_NETWORKS", "")),
        webhook_networks=read_networks("NEWSWIRE_WEBHOOK_NETWORKS", values.get("NEWSWIRE_WEBHOOK_NETWORKS", "")),
        webhook_secret=values.get("NEWSWIRE_WEBHOOK_SECRET"),
        contact=read_contact(values.get("NEWSWIRE_CONTACT", NO_CONTACT)),
        retention_months=read_count("NEWSWIRE_RETENTION_MONTHS", values.get("NEWSWIRE_RETENTION_MONTHS"), most=1200),
        prune_days=read_count("NEWSWIRE_PRUNE_DAYS", values.get("NEWSWIRE_PRUNE_DAYS"), most=36_500) or 90,
        reprint_days=read_count("NEWSWIRE_REPRINT_DAYS", values.get("NEWSWIRE_REPRINT_DAYS"), most=36_500) or 365,
        revisits=read_waits("NEWSWIRE_REVISITS", values.get("NEWSWIRE_REVISITS"), REVISITS),
        retries=read_waits("NEWSWIRE_RETRIES", values.get("NEWSWIRE_RETRIES"), WAITS),
        page_seconds=read_seconds("NEWSWIRE_PAGE_SECONDS", values.get("NEWSWIRE_PAGE_SECONDS", "20"), least=1),
        # Less, and the models of the languages would not fit in beside the page.
        page_megabytes=read_count(
            "NEWSWIRE_PAGE_MEGABYTES", values.get("NEWSWIRE_PAGE_MEGABYTES"), least=1024, most=1_000_000
        )
        or 2048,
        # Longer, and a batch could outlive its lease.
        fetch_seconds=read_seconds(
            "NEWSWIRE_FETCH_SECONDS", values.get("NEWSWIRE_FETCH_SECONDS", "30"), least=1, most=120
        ),
        host_delay=read_seconds("NEWSWIRE_HOST_DELAY", values.get("NEWSWIRE_HOST_DELAY", "1")),
    )


def read_airflow_settings(grant: Grant = Grant.WRITER) -> Settings:
    """Return the settings inside an Airflow task: connections fill in what the environment leaves open.

    ``newswire_search_reader`` and ``newswire_search_admin`` stand for ``newswire_search`` where they are there.
    """
    from airflow.sdk import Connection  # noqa: PLC0415 - Airflow takes seconds to import, and only tasks need it
    from airflow.sdk.exceptions import AirflowNotFoundException  # noqa: PLC0415 - as above

    values = _read_files(os.environ)
    for variable, connection_id in CONNECTIONS.items():
        if values.get(variable):
            continue
        is_granted = variable == "NEWSWIRE_SEARCH_URL" and grant is not Grant.WRITER
        for name in (*([f"{connection_id}_{grant}"] if is_granted else []), connection_id):
            try:
                connection = Connection.get(name)
            except AirflowNotFoundException:  # no such connection: the next, or the default, stands
                continue
            values.update(_connection_values(variable, connection))
            break
    return read_settings(values, grant=grant)


def _connection_values(variable: str, connection: "Connection") -> dict[str, str]:
    """Return the variables that one connection stands for; an extra ``url`` says the address outright."""
    extra = connection.extra_dejson
    if variable != "NEWSWIRE_SEARCH_URL":
        return {variable: extra.get("url") or connection.get_uri()}
    scheme = connection.schema or ("https" if connection.port in {None, 443} else "http")
    port = f":{connection.port}" if connection.port else ""
    values = {
        variable: extra.get("url") or f"{scheme}://{connection.host}{port}",
        "NEWSWIRE_SEARCH_USER": connection.login or "",
        "NEWSWIRE_SEARCH_PASSWORD": connection.password or "",
        "NEWSWIRE_SEARCH_API_KEY": extra.get("api_key", ""),
        "NEWSWIRE_SEARCH_CA": extra.get("ca", ""),
    }
    return {key: value for key, value in values.items() if value}


def _read_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with those that a ``_FILE`` stands for. No message has a value: it may be the secret."""
    values = dict(environ)
    for name in SECRETS:
        path = values.pop(f"{name}_FILE", "")
        if not path:
            continue
        if values.get(name):
            raise UsageError(f"{name} and {name}_FILE are both set; unset one of them")
        try:
            values[name] = read_path(f"{name}_FILE", path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UsageError(f"{name}_FILE: {path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise UsageError(f"{name}_FILE: {path} is no UTF-8 text") from None
        if not values[name]:
            raise UsageError(f"{name}_FILE: {path} is empty")
    return values


def _check_sendable(values: Mapping[str, str]) -> None:
    """Raise UsageError where a header could not carry a secret: what would send it says so with the value, in a trace."""
    for name in ("NEWSWIRE_SEARCH_USER", *SECRETS):
        signs, kind = (_KEY_SIGNS, "key") if name in KEYS.values() else (_LOGIN_SIGNS, "login")
        if not signs.fullmatch(values.get(name, "")):
            raise UsageError(f"{name} has a sign that no {kind} has, such as the end of a line: write it anew")
