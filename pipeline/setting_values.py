"""Values of settings as users write them. Each function reads one, or raises UsageError that says what to write."""

import re
import ssl
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from pipeline.errors import UsageError
from pipeline.fetch.addresses import Network

#: Guessing 16 random characters takes longer than anyone has.
SHORTEST_TOKEN = 16


def read_ca(text: str | None, search_url: str) -> Path | None:
    """Return the file of authorities. Raises UsageError where it is none, or where nothing would be checked by it."""
    if text is None:
        return None
    path = read_path("NEWSWIRE_SEARCH_CA", text)
    if not search_url.startswith("https:"):
        raise UsageError(
            "NEWSWIRE_SEARCH_CA is set, but NEWSWIRE_SEARCH_URL is no https:// address: nothing is checked"
        )
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError as error:
        raise UsageError(f"NEWSWIRE_SEARCH_CA: {path} holds no certificates in PEM form") from error
    except OSError as error:
        raise UsageError(f"NEWSWIRE_SEARCH_CA: {path} cannot be read: {error.strerror}") from error
    return path


def split_credentials(url: str) -> tuple[str, str | None, str | None]:
    """Take user and password out of an http(s) URL, so that no message ever prints them."""
    try:
        parts = urlsplit(url)
        # With an unescaped / in a password, the host and the rest of the password stand in the path.
        is_address = bool(parts.hostname) and parts.port != 0 and "@" not in url.partition(parts.netloc)[2]
    except ValueError:
        is_address = False
    # Without the value: whatever it is, there may be a password in it.
    if not (url.startswith("sqlite:///") or (is_address and parts.scheme in {"http", "https"})):
        message = "NEWSWIRE_SEARCH_URL must be sqlite:///path, http://host:port or https://host:port"
        raise UsageError(message)
    if parts.scheme == "sqlite" or "@" not in parts.netloc:
        return url, None, None
    host = parts.netloc.rpartition("@")[2]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return urlunsplit(parts._replace(netloc=host)), user or None, password or None


def read_networks(name: str, text: str) -> tuple[Network, ...]:
    """Return the networks of a list of CIDRs."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        message = f"{name}: {error}; write CIDRs such as 127.0.0.0/8,10.1.0.0/16"
        raise UsageError(message) from error


def read_alias(text: str) -> str:
    """Return the alias, as Elasticsearch takes one."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", text):
        message = f"NEWSWIRE_SEARCH_ALIAS is {text!r}; write lower-case letters, digits, - and _"
        raise UsageError(message)
    return text


def read_warc_hosts(text: str) -> str:
    """Return whose pages are taken."""
    if text not in {"sources", "all"}:
        message = f"NEWSWIRE_WARC_HOSTS is {text!r}; write sources (only the sources' pages are taken) or all"
        raise UsageError(message)
    return text


def read_token(text: str | None) -> str | None:
    """Return the token; None where there is none."""
    if text is not None and len(text) < SHORTEST_TOKEN:
        raise UsageError(
            f"NEWSWIRE_SERVE_TOKEN has {len(text)} characters, which can be guessed; take {SHORTEST_TOKEN} or more, "
            "such as python3 -c 'import secrets; print(secrets.token_urlsafe())' prints"
        )
    return text


def read_contact(text: str) -> str:
    """Return the contact, as a User-Agent can carry it."""
    if not re.fullmatch(r"[\x20-\x7e]{1,200}", text) or "(" in text or ")" in text:
        message = f"NEWSWIRE_CONTACT is {text!r}; write a page or a mail address, in ASCII and without brackets"
        raise UsageError(message)
    return text


def read_path(name: str, text: str) -> Path:
    """Return the path, absolute, ``~`` as the shell reads it."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{name}: {text} cannot be read: no home is known for what ~ stands for") from error


def read_place(name: str, text: str) -> str:
    """Return the address, or the path as ``read_path`` does."""
    return text if "://" in text else str(read_path(name, text))


def read_count(name: str, text: str | None, *, least: int = 1, most: int) -> int | None:
    """Return the whole number; None where it is not set. 0 is refused: some would mean by it all, and some nothing."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        message = f"{name} is {text!r}; it must be a whole number from {least} to {most}, or unset"
        raise UsageError(message)
    return int(text)


def read_waits(name: str, text: str | None, default: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    """Return the times that ``1h,24h,7d`` means; ``none`` is none."""
    if text is None:
        return default
    if text == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9][0-9]{0,3}[smhd]", part) for part in parts):
        message = f"{name} is {text!r}; write seconds, minutes, hours and days such as 90s,10m,24h,7d, or none"
        raise UsageError(message)
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return tuple(timedelta(**{units[part[-1]]: int(part[:-1])}) for part in parts)


def read_seconds(name: str, text: str, *, least: float = 0, most: float = 3600) -> float:
    """Return the seconds, which may have a fraction."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not least <= seconds <= most:
        message = f"{name} is {text!r}; it must be a number of seconds from {least:g} to {most:g}"
        raise UsageError(message)
    return seconds
