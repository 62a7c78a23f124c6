"""What is remembered of the stories, so that articles find theirs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pipeline.model.story import Member, Story, StorySort, Telling


class Stories(Protocol):
    """Remembers which story each article is of. Every method is one transaction.

    An article's story is decided when the article is first given here; asked again, the same one is returned. It changes
    where two stories turn out to be one: then the articles of the smaller move, and its id leads to the other. And it may
    change with a new version that is about another event, while its story is still going on.
    """

    def join_stories(
        self, tellings: Sequence[Telling], now: datetime, *, revised: Collection[str] = ()
    ) -> Mapping[str, str]:
        """Give each article its story, a new one where none fits; return the story ids by article id.

        ``revised``: ids of those that are new versions, and may move. A replay has none.
        """
        ...

    def stories_of(self, article_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the story ids of those of these articles that are in one."""
        ...

    def untold_stories(self, *, limit: int) -> Mapping[str, str]:
        """Return up to ``limit`` articles whose documents name a story that they have left, with their story now."""
        ...

    def mark_stories_told(self, told: Mapping[str, str]) -> None:
        """Note that the articles' documents name these stories."""
        ...

    def stories(
        self,
        *,
        since: datetime | None = None,
        sort: StorySort = StorySort.SIZE,
        limit: int = 20,
        least_articles: int = 1,
    ) -> tuple[Story, ...]:
        """Return the stories that had an article since then."""
        ...

    def story(self, story_id: str) -> Story | None:
        """Return the story, or the one that it was merged into; None where there is none."""
        ...

    def follow_stories(self, story_ids: Collection[str]) -> Mapping[str, str]:
        """Return, of those that were merged into another, the id of the story that each leads to."""
        ...

    def timeline(self, story_id: str, *, limit: int = 1000) -> tuple[Member, ...]:
        """Return the story's first articles in order of time."""
        ...

    def close_stories(self, before: datetime, *, dry_run: bool = False) -> int:
        """Forget by what those stories are found that no article joined since then: they stay, and take no more in.

        Return how many were closed (``dry_run``: would be).
        """
        ...
