"""Serving the search page alone, on this machine."""

import socket
from ipaddress import ip_address

import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pipeline.errors import UsageError
from pipeline.ports import SearchStore
from pipeline.web.page import make_app


def serve_page(store: SearchStore, host: str, port: int) -> None:
    """Serve the page until interrupted. Raises UsageError for an address that other machines can reach."""
    if not is_loopback(host):
        raise UsageError(
            f"--host is {host!r}, which other machines may reach, and the page has no login: "
            "use 127.0.0.1, ::1 or localhost, and put a server that asks for a login before it where others need it"
        )
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise UsageError(f"--port is {port}, which cannot be listened on: {error.strerror}; choose another") from error
    app = make_app(store)
    # A web site can point its own name at this machine and have a visitor's browser read the page to it.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", host, f"[{host}]"], www_redirect=False)
    uvicorn.run(app, host=host, port=port, access_log=False)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address; of names, ``localhost`` alone is sure to stay here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
