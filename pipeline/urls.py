"""Addresses: the canonical URL, the article id made of it, and the host that politeness counts by."""

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pipeline.errors import Reject
from pipeline.model.fate import Reason

MAX_URL_LENGTH = 2048  # what servers and the index's keyword fields take

#: Query parameters that say where a reader came from, never which article it is (names as the ad and mail tools document them).
_TRACKING = re.compile(
    r"^(utm_\w+|mtm_\w+|pk_\w+|fbclid|gclid|gclsrc|dclid|msclkid|yclid|igshid|twclid|ttclid|mc_cid|mc_eid|_hsenc|_hsmi|"
    r"ga_\w+|cmpid|ns_mchannel|ns_source|ns_campaign|ns_linkname|ns_fee|wt_mc|wt_zmc|xtor|at_medium|at_campaign|at_custom\w*)$",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_SAME_SITE = re.compile(r"^(www|m|mobile|amp|feeds?|rss)\.")
_MAX_LABEL = 63  # characters, of the name system
_DEFAULT_PORT = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_PATH_SAFE = "/:@!$&'()*+,;=-._~"


def normalise_url(url: str) -> str:
    """Return the URL as it is fetched and keyed in the ledger: scheme and host in lower case, IDN in ASCII, no fragment.

    Percent-encoding is normalised after RFC 3986, section 6.2.2. Raises Reject (invalid URL) for anything but http and https
    with a host, user information, or more than 2,048 characters.
    """
    text = url.strip()
    try:
        text.encode()  # a byte of the command line that is no UTF-8 is half a character
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else _ascii_host(host)
    except (ValueError, UnicodeError) as error:
        raise Reject(Reason.INVALID_URL, f"{text[:200]!r}: {error}") from error
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORT or not _HOST.fullmatch(host):
        raise Reject(Reason.INVALID_URL, f"{text[:200]!r} is not an http or https address")
    if "@" in parts.netloc:
        raise Reject(Reason.INVALID_URL, "an address with user information is not fetched")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORT[scheme]:
        netloc += f":{port}"
    normal = urlunsplit(
        (scheme, netloc, _normalise_escapes(parts.path, _PATH_SAFE) or "/", _normalise_query(parts.query), "")
    )
    if len(normal) > MAX_URL_LENGTH:
        raise Reject(Reason.INVALID_URL, f"longer than {MAX_URL_LENGTH} characters: {normal[:80]}…")
    return normal


def is_web_address(url: str) -> bool:
    """Tell whether it is an address of http or https with a host and no characters that are none: one that may be a link."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _DEFAULT_PORT and bool(parts.hostname) and url.isprintable()
    except ValueError:
        return False


def canonical_url(answered: str, declared: str | None = None) -> str:
    """Return the address that stands for the article: the page's own claim where it can be believed, else where it answered.

    A claim is believed on the same site only (see ``site_of``): else one site could take over another's articles. Tracking
    parameters go either way. Whether two pages that name one address are one article is decided by what they say (identity.py).
    """
    address = normalise_url(answered)
    if declared and declared != answered:
        try:
            claimed = normalise_url(declared)
        except Reject:
            claimed = address
        # A front page named as canonical by every page of a site is a common mistake; an article is never the front page.
        if site_of(claimed) == site_of(address) and urlsplit(claimed).path != "/":
            address = claimed
    return strip_tracking(address)


def is_tracking(name: str) -> bool:
    """Tell whether a parameter of this name only tells where the reader came from."""
    return _TRACKING.match(name) is not None


def strip_tracking(url: str) -> str:
    """Return the URL without parameters that only tell where the reader came from."""
    parts = urlsplit(url)
    if not parts.query:
        return url
    kept = [pair for pair in parts.query.split("&") if not is_tracking(pair.partition("=")[0])]
    return urlunsplit(parts._replace(query="&".join(kept)))


def article_id(canonical: str) -> str:
    """Return the article's id: 128 bits of SHA-256 over the canonical URL without its scheme, in hex."""
    return hashlib.sha256(canonical.partition("://")[2].encode()).hexdigest()[:32]


def host_of(url: str) -> str:
    """Return host and port as politeness counts them."""
    return urlsplit(url).netloc.lower()


def site_of(url: str) -> str:
    """Return the host and port without the prefixes of mirrors and feed servers, so that ``feeds.`` and ``www.`` are one site."""
    return _SAME_SITE.sub("", host_of(url))


@lru_cache(maxsize=10_000)
def _ascii_host(host: str) -> str:
    """Return the name as browsers ask for it: UTS 46, non-transitional, where ß and ς are letters of their own.

    Python's own codec is of 2003, and turns straße into strasse, which is somebody else's. Raises UnicodeError.
    """
    if not host.isascii():
        from idna import uts46_remap  # noqa: PLC0415 - takes a tenth of a second, and is needed for few addresses

        host = uts46_remap(host, std3_rules=False, transitional=False)
    labels = [label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in host.split(".")]
    if any(not 0 < len(label) <= _MAX_LABEL for label in (labels if labels[-1] else labels[:-1])):
        raise UnicodeError("a part of its host's name is empty or too long")
    return ".".join(labels).lower()


def _normalise_escapes(text: str, safe: str) -> str:
    """Decode what need not be escaped, encode what must be, and leave escaped delimiters as they are."""
    return "".join(
        (unquote(piece) if _UNRESERVED.fullmatch(unquote(piece, errors="replace")) else piece.upper())
        if len(piece) == 3 and piece.startswith("%")  # noqa: PLR2004 - a percent sign and two digits
        else quote(piece, safe=safe)
        for piece in _ESCAPE.split(text)
    )


def _normalise_query(query: str) -> str:
    return _normalise_escapes(query, _PATH_SAFE + "?[]")
