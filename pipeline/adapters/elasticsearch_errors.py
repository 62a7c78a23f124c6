"""What Elasticsearch and its client say, as our errors: one line, with the address, never with credentials."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from elastic_transport import TlsError, TransportError
from elasticsearch import ApiError, UnsupportedProductError

from pipeline.errors import NewswireError, StoreUnavailable, StoreUnusable, TooSlow, UsageError
from pipeline.search.request import TOO_SLOW

#: The server is busy: the same request may succeed later.
BUSY = (429, 503)
UNAUTHENTICATED, FORBIDDEN = 401, 403
#: Nobody logged in, or without the right to do this.
REFUSED = (UNAUTHENTICATED, FORBIDDEN)
#: What the server says of a search that its own ``timeout`` ended.
_TIMED_OUT = "search_timeout_exception"
#: From here on, the failure is the server's own.
SERVER_FAILURE = 500
#: A whole request is refused for its body, which one document may have spoilt: it cannot be read, or is too large.
UNREADABLE, TOO_LARGE = 400, 413


@contextmanager
def our_errors(url: str) -> Iterator[None]:
    """Turn the client's errors into StoreUnusable, StoreUnavailable, TooSlow, and UsageError for more than can be looked for."""
    try:
        yield
    except TlsError as error:
        message = (
            f"Elasticsearch at {url} does not prove who it is ({_tls_reason(error)}); name the file of the authority that "
            "signed its certificate in NEWSWIRE_SEARCH_CA"
        )
        raise StoreUnusable(message) from error
    except TransportError as error:
        message = f"Elasticsearch at {url} does not answer: {error.message}"
        raise StoreUnavailable(message) from error
    except UnsupportedProductError as error:
        message = f"what answers at {url} is not Elasticsearch; check NEWSWIRE_SEARCH_URL"
        raise StoreUnusable(message) from error
    except ApiError as error:
        raise _translate(error, url) from error


def describe(error: object) -> str:
    """Return the reason that lies deepest in Elasticsearch's account of an error."""
    if not isinstance(error, Mapping):
        return str(error or "no reason is given")
    causes = error.get("root_cause") or []
    deepest = error.get("caused_by") or (causes[0] if causes and causes[0] != error else None)
    own = f"{error.get('type')}: {error.get('reason')}"
    return f"{own} ({deepest.get('reason')})" if isinstance(deepest, Mapping) and deepest.get("reason") else own


def describe_answer(error: ApiError) -> str:
    """Return why a whole request failed; of a page, which proxies send, only the words."""
    body = error.body
    if isinstance(body, Mapping):
        return describe(body.get("error", body))
    return describe(" ".join(re.sub(r"<[^<>]*>", " ", str(body or "")).split()))


def refused_login(url: str, status: int, detail: str) -> StoreUnusable:
    """Return the error of a server that does not know us (401), or does not let us do what was asked (403)."""
    if status == FORBIDDEN:
        return StoreUnusable(
            f"Elasticsearch at {url} does not let this login do that: {detail}; rebuilding, promoting and retention need "
            "NEWSWIRE_SEARCH_ADMIN_API_KEY, which newswire index grants makes"
        )
    return StoreUnusable(
        f"Elasticsearch at {url} refuses the login: {detail}; set NEWSWIRE_SEARCH_API_KEY, "
        "or NEWSWIRE_SEARCH_USER and NEWSWIRE_SEARCH_PASSWORD"
    )


def _translate(error: ApiError, url: str) -> NewswireError:
    status, detail = error.status_code, describe_answer(error)
    if _TIMED_OUT in _root_causes(error.body):
        return TooSlow(TOO_SLOW)
    if "too many clauses" in detail:
        return UsageError(
            "more words begin so than Elasticsearch can look for at once; write more letters before each *"
        )
    if error.error == "cluster_block_exception":  # said with 403, as if it were a question of rights
        return StoreUnavailable(f"Elasticsearch at {url} takes no writes: {detail}")
    if status in REFUSED:
        return refused_login(url, status, detail)
    if status in BUSY or status >= SERVER_FAILURE:
        return StoreUnavailable(f"Elasticsearch at {url} cannot answer now ({status}): {detail}")
    return StoreUnusable(f"Elasticsearch at {url} refuses the request ({status}): {detail}")


def _root_causes(body: object) -> set[str]:
    error = body.get("error") if isinstance(body, Mapping) else None
    causes = error.get("root_cause", []) if isinstance(error, Mapping) else []
    return {cause["type"] for cause in causes}


def _tls_reason(error: TlsError) -> str:
    """Return what OpenSSL says of the certificate."""
    text = str(error.message)
    found = re.search(r"certificate verify failed: ([^()]+)", text)
    return found[1].strip() if found else text
