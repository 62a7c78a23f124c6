"""The pages of the stories: those that many articles tell, or that are new, and one with its timeline."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from pipeline.errors import UsageError
from pipeline.model.query import Query, Span
from pipeline.model.story import Member, StorySort
from pipeline.ports import Stories
from pipeline.search.times import read_since
from pipeline.web.address import Address, check_parameters, next_limit, read_limit
from pipeline.web.render import METHODS, Pages, mount_path
from pipeline.web.timeline import Timeline, make_timeline

#: Single articles are stories as well, and seldom what is looked for here.
LEAST_ARTICLES = 2
#: Articles of a story that are drawn; of a longer one than its timeline lists, those are not all.
LEAST_DRAWN = 8
KNOWN = ("since", "sort", "limit")


def add_story_pages(app: FastAPI, stories: Stories, pages: Pages) -> None:
    """Add ``/stories`` and ``/story/{id}``."""

    @app.api_route("/stories", methods=METHODS)
    def show_stories(request: Request) -> Response:
        check_parameters(request.query_params.multi_items(), KNOWN)
        asked = Address(tuple((name, request.query_params.get(name, "").strip()) for name in KNOWN))
        sort, since, limit = (
            asked.value("sort") or StorySort.SIZE,
            asked.value("since"),
            read_limit(asked.value("limit")),
        )
        if sort not in set(StorySort):
            raise UsageError(f"sort is {sort!r}; it must be one of: {', '.join(StorySort)}")
        found = stories.stories(
            since=read_since(since) if since else None,
            sort=StorySort(sort),
            limit=limit + 1,  # one more than is shown tells whether there are more
            least_articles=LEAST_ARTICLES,
        )
        return pages.render(
            request,
            "stories.html",
            stories=found[:limit],
            next_limit=next_limit(limit, len(found)),
            asked=Address(tuple(pair for pair in asked.pairs if pair[1])),
            since=since,
            sort=sort,
            address=Address(),  # its own parameters are none of a search
        )

    @app.api_route("/story/{story_id}", methods=METHODS)
    def show_story(request: Request, story_id: str) -> Response:
        story = stories.story(story_id)
        if story is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no story of this address.")
        if story.id != story_id:  # it was merged into another, where its id leads
            return RedirectResponse(f"{mount_path(request)}/story/{story.id}", HTTPStatus.FOUND)
        timeline = stories.timeline(story.id)
        return pages.render(
            request, "story.html", story=story, timeline=timeline, times=story_times(story.id, timeline)
        )


def story_times(story_id: str, timeline: Sequence[Member]) -> Timeline | None:
    """Return the story's articles by day; None for few, whose list says it."""
    if len(timeline) < LEAST_DRAWN:
        return None
    days = Counter(datetime.combine(member.at.astimezone(UTC), time.min, UTC) for member in timeline)
    spans = [Span(start=day, count=count) for day, count in sorted(days.items())]
    return make_timeline(spans, Query(story=story_id), Address((("story", story_id),)))
