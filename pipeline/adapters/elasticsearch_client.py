"""The connection to Elasticsearch: who we are, and how the server proves who it is."""

from pathlib import Path

from elastic_transport.client_utils import DEFAULT
from elasticsearch import Elasticsearch

#: Seconds for one request.
TIMEOUT = 30


def open_client(
    url: str,
    *,
    api_key: str | None = None,
    user: str | None = None,
    password: str | None = None,
    ca: Path | None = None,
) -> Elasticsearch:
    """Return a client that connects with its first request; a key goes before a login.

    Over https, the certificate must be of that host, signed by an authority in ``ca``, default the public ones: always.
    """
    login = (user, password) if user and password and not api_key else None
    trusted = str(ca) if ca else DEFAULT
    return Elasticsearch(url, api_key=api_key, basic_auth=login, request_timeout=TIMEOUT, ca_certs=trusted)
