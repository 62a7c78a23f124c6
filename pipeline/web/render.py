"""Templates to responses; every value is escaped unless ``keep_marks`` has seen to it."""

from http import HTTPStatus
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.errors import NewswireError
from pipeline.web import markup
from pipeline.web.address import FILTERS, REPRINTS, read_address
from pipeline.web.map import draw_map, name_area
from pipeline.web.timeline import draw_timeline

METHODS = ["GET", "HEAD"]
#: What stands in the head of every page.
PLACES = (
    ("/", "Articles"),
    ("/stories", "Stories"),
    ("/feeds", "Feeds"),
    ("/ledger", "Ledger"),
    ("/searches", "Saved searches"),
)
TEMPLATES = Path(__file__).parent / "templates"
FORMATS = (
    "keep_marks",
    "web_link",
    "host_name",
    "show_time",
    "show_span",
    "show_start",
    "in_utc",
    "is_day",
    "show_language",
    "count",
)


class Pages:
    """The page's templates, loaded once."""

    def __init__(self) -> None:
        """Name what templates can use."""
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {name: getattr(markup, name) for name in FORMATS}
        self._templates.filters |= {"draw_timeline": draw_timeline, "draw_map": draw_map, "name_area": name_area}
        self._templates.globals |= {"filters": FILTERS, "places": PLACES, "reprint_choices": REPRINTS}

    def render(self, request: Request, template: str, status: int = HTTPStatus.OK, **context: object) -> HTMLResponse:
        """Return the page made of the template, the request's search and this context."""
        root = mount_path(request)
        frame = {
            "root": root,
            "here": request.scope["path"].removeprefix(root),
            "story": None,
            "liked": None,
            "address": read_address(request.query_params.multi_items()),
        }
        return HTMLResponse(self._templates.get_template(template).render(frame | context), status)

    def render_error(self, request: Request, status: int, title: str, message: str) -> HTMLResponse:
        """Return the page that says what went wrong."""
        return self.render(request, "error.html", status, title=title, message=message)


def mount_path(request: Request) -> str:
    """Return the path that the app is mounted at, nothing where it stands alone; every link begins with it."""
    path: str = request.scope.get("root_path", "")
    return path.rstrip("/")


def say_on_page(error: NewswireError) -> str:
    """Return the error in the words of the page: an option of the command line is a field here."""
    return str(error).replace("--", "")
