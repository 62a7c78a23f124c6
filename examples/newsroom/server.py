"""The demo newsroom's web server: one loopback port for each outlet, pages from files, answers that never vary."""

import gzip
import hashlib
import json
import re
import threading
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
HERE = Path(__file__).parent
HTML = "text/html; charset=utf-8"
#: Last-Modified of everything; each change of a page moves that page on by a minute.
OPENED_AT = datetime(2026, 11, 15, 6, 0, tzinfo=UTC)
PLACEHOLDER = re.compile(r"\{origin(?::(\w+))?\}")


class Visit(NamedTuple):
    """One request that the newsroom answered."""

    method: str
    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What one path answers; ``text`` still has its placeholders."""

    text: str = ""
    corrected: str | None = None
    status: int = 200
    content_type: str = HTML
    charset: str = "utf-8"
    is_gzipped: bool = False
    redirect: str | None = None
    #: Counts the changes since the newsroom opened.
    version: int = 0

    @property
    def modified_at(self) -> datetime:
        """The time that Last-Modified tells."""
        return OPENED_AT + timedelta(minutes=self.version)


class Newsroom:
    """Three invented outlets on loopback; a context manager that serves while it is open.

    ``ports`` are those of harbour, meridian and strombote, 0 = any free one. Entering raises OSError, with one line for
    the user, when a port cannot be had.
    """

    def __init__(self, ports: Sequence[int] = (0, 0, 0)) -> None:
        """Read the pages; nothing listens yet."""
        self._outlets: dict[str, dict[str, Any]] = tomllib.loads((HERE / "routes.toml").read_text(encoding="utf-8"))
        self._ports = dict(zip(self._outlets, ports, strict=True))
        self._routes = {name: _read_routes(name, outlet["routes"]) for name, outlet in self._outlets.items()}
        self._not_found = {name: _read_not_found(name) for name in self._outlets}
        self._origins: dict[str, str] = {}
        self._visits: list[Visit] = []
        self._lock = threading.Lock()
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """Bind all ports, then serve."""
        with ExitStack() as stack:
            servers = {name: stack.enter_context(_listen(self, name, port)) for name, port in self._ports.items()}
            self._origins = {name: f"http://{HOST}:{server.server_address[1]}" for name, server in servers.items()}
            for name, server in servers.items():
                # The poll is how long closing takes; half a second each, the default, would add up in tests.
                thread = threading.Thread(target=server.serve_forever, args=(0.02,), name=f"newsroom-{name}")
                thread.start()
                stack.callback(thread.join)
                stack.callback(server.shutdown)
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and free the ports."""
        self._exit.close()

    @property
    def origins(self) -> Mapping[str, str]:
        """Outlet name → origin, such as ``http://127.0.0.1:8790``."""
        return dict(self._origins)

    @property
    def feeds(self) -> tuple[str, ...]:
        """The outlets' feed URLs: RSS, Atom, JSON Feed."""
        return tuple(self._origins[name] + outlet["feed"] for name, outlet in self._outlets.items())

    @property
    def requests(self) -> tuple[Visit, ...]:
        """Every request answered so far, in order."""
        with self._lock:
            return tuple(self._visits)

    def publish_correction(self) -> None:
        """Switch the corrected story, and its entry in the feed, to the second version."""
        with self._lock:
            for routes in self._routes.values():
                for path, route in routes.items():
                    if route.corrected is not None:
                        version = route.version + 1
                        routes[path] = replace(route, text=route.corrected, corrected=None, version=version)

    def edit(self, path_or_url: str, html: str) -> None:
        """Answer ``html`` there from now on; a URL may be new, a bare path must be one outlet's. Else KeyError."""
        name, path = self._locate(path_or_url)
        with self._lock:
            old = self._routes[name].get(path, Route())
            self._routes[name][path] = replace(old, text=html, redirect=None, status=200, version=old.version + 1)

    def remove(self, path_or_url: str) -> None:
        """Answer 410 Gone there from now on; same addresses as ``edit``."""
        name, path = self._locate(path_or_url)
        with self._lock:
            old = self._routes[name].get(path, Route())
            self._routes[name][path] = Route(text="<h1>Gone</h1>\n", status=410, version=old.version + 1)

    def write_sources(self, path: Path | str) -> None:
        """Write the sources file (TOML) that makes Newswire read the three outlets."""
        Path(path).write_text("\n".join(self._source(name) for name in self._outlets), encoding="utf-8")

    def answer(self, outlet: str, target: str) -> tuple[Route, bytes]:
        """Return what the outlet answers to a request target: the route, and its body as sent."""
        path = urlsplit(target).path
        with self._lock:
            route = self._routes[outlet].get(path, self._not_found[outlet])
        body = self._fill(route.text, outlet).encode(route.charset)
        # mtime=0: the same page is the same bytes every time.
        return route, gzip.compress(body, mtime=0) if route.is_gzipped else body

    def location(self, outlet: str, redirect: str) -> str:
        """Return a redirect's target as sent."""
        return self._fill(redirect, outlet)

    def record(self, outlet: str, method: str, target: str, status: int) -> None:
        """Note a request; called by the server's threads."""
        with self._lock:
            self._visits.append(Visit(method, self._origins[outlet] + target, status))

    def _fill(self, text: str, outlet: str) -> str:
        return PLACEHOLDER.sub(lambda match: self._origins[match[1] or outlet], text)

    def _locate(self, path_or_url: str) -> tuple[str, str]:
        for name, origin in self._origins.items():
            if path_or_url.startswith(origin + "/"):
                return name, urlsplit(path_or_url).path
        names = [name for name, routes in self._routes.items() if path_or_url in routes]
        if len(names) != 1:
            raise KeyError(f"{path_or_url} is a path of {len(names)} outlets; give one of the newsroom's URLs")
        return names[0], path_or_url

    def _source(self, name: str) -> str:
        outlet = self._outlets[name]
        table = {"feed": self._origins[name] + outlet["feed"]}
        table |= {key: outlet[key] for key in ("publisher", "language", "country")}
        lines = ["[[sources]]", *_toml_lines(table)]
        if "rules" in outlet:
            lines += ["[sources.rules]", *_toml_lines(outlet["rules"])]
        return "\n".join(lines) + "\n"


class _OutletServer(ThreadingHTTPServer):
    """One outlet's port."""

    def __init__(self, newsroom: Newsroom, outlet: str, port: int) -> None:
        """Bind the port."""
        self.newsroom = newsroom
        self.outlet = outlet
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without the name lookup that HTTPServer adds: on macOS it takes seconds."""
        TCPServer.server_bind(self)


class _Handler(BaseHTTPRequestHandler):
    server: _OutletServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer from the routes, with 304 where the reader already has it."""
        newsroom, outlet = self.server.newsroom, self.server.outlet
        route, body = newsroom.answer(outlet, self.path)
        headers = {"Content-Type": route.content_type}
        status = route.status
        if route.redirect is not None:
            headers["Location"] = newsroom.location(outlet, route.redirect)
        elif status == HTTPStatus.OK:
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            headers["Last-Modified"] = format_datetime(route.modified_at, usegmt=True)
            if route.is_gzipped:
                headers["Content-Encoding"] = "gzip"
            if self._has_it_already(headers["ETag"], route.modified_at):
                status, body = HTTPStatus.NOT_MODIFIED, b""
        newsroom.record(outlet, self.command, self.path, status)
        self._send(status, headers, body)

    def _has_it_already(self, etag: str, modified_at: datetime) -> bool:
        """If-None-Match decides alone where it is sent (RFC 9110, 13.2.2)."""
        known = self.headers["If-None-Match"]
        if known is not None:
            return etag in [tag.strip().removeprefix("W/") for tag in known.split(",")]
        try:
            return modified_at <= parsedate_to_datetime(self.headers["If-Modified-Since"] or "")
        except ValueError:
            return False

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        # send_response would add the Date and the Python version: answers that vary.
        self.log_request(status)
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: ``Newsroom.requests`` tells what was asked."""


def _listen(newsroom: Newsroom, outlet: str, port: int) -> _OutletServer:
    try:
        return _OutletServer(newsroom, outlet, port)
    except OSError as error:
        raise OSError(f"cannot serve {outlet} on {HOST}:{port}: {error.strerror}; choose other ports") from error


def _read_routes(outlet: str, table: Mapping[str, Mapping[str, Any]]) -> dict[str, Route]:
    return {path: _read_route(outlet, row) for path, row in table.items()}


def _read_route(outlet: str, row: Mapping[str, Any]) -> Route:
    return Route(
        text=_read(outlet, row["file"]) if "file" in row else "",
        corrected=_read(outlet, row["corrected"]) if "corrected" in row else None,
        status=row.get("status", 200),
        content_type=row.get("type", HTML),
        charset=row.get("charset", "utf-8"),
        is_gzipped=row.get("gzip", False),
        redirect=row.get("redirect"),
    )


def _read_not_found(outlet: str) -> Route:
    return Route(text=_read(outlet, "not-found.html"), status=404)


def _read(outlet: str, file: str) -> str:
    return (HERE / "pages" / outlet / file).read_text(encoding="utf-8")


def _toml_lines(table: Mapping[str, object]) -> list[str]:
    # The strings and lists of strings of a source are the same in JSON and in TOML.
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
