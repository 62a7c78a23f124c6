"""The search page inside the Airflow UI, for those who are logged in there."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

#: Where Airflow's web server mounts it.
PATH = "/newswire"


class SearchPage:
    """An ASGI app that makes the real one at its first request: Airflow loads plugins in the processes of tasks, too."""

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request."""
        await load_page()(scope, receive, send)


@cache
def load_page() -> "FastAPI":
    """Return the page over the stores that this Airflow is configured with; whoever is not logged in gets status 401."""
    # ruff: noqa: PLC0415 - see the class
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends

    from pipeline.model.grant import Grant
    from pipeline.orchestration.runs import process_wiring
    from pipeline.web.page import make_app

    wiring = process_wiring(Grant.READER)
    return make_app(
        wiring.store,
        wiring.ledger,
        wiring.clock,
        webhook_networks=wiring.settings.webhook_networks,
        access=[Depends(get_user)],
        login_cookie=COOKIE_NAME_JWT_TOKEN,
    )
