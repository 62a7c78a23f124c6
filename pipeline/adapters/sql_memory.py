"""What the ledger remembers beside URLs and feeds: hosts, texts and stories. Each class is a part of SqlLedger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pipeline.adapters import sql_hosts, sql_printings, sql_stories
from pipeline.adapters.sql_database import Database
from pipeline.model.host import RobotsFile, Turn
from pipeline.model.reprint import Printing
from pipeline.model.story import Member, Story, StorySort, Telling
from pipeline.ports import Reprints


class SqlHosts:
    """Promises what ports.Hosts does."""

    _database: Database

    def ask_turn(self, host: str, now: datetime, *, delay: timedelta, is_past: bool = False) -> Turn:
        """Take or name the host's next turn."""
        with self._database.write() as connection:
            return sql_hosts.ask_turn(connection, host, now, delay=delay, is_past=is_past)

    def close_host(self, host: str, until: datetime) -> None:
        """Leave the host alone until then."""
        with self._database.write() as connection:
            sql_hosts.close_host(connection, host, until)

    def robots_file(self, origin: str) -> RobotsFile | None:
        """Return what was kept for the origin."""
        with self._database.read() as connection:
            return sql_hosts.robots_file(connection, origin)

    def keep_robots_file(self, origin: str, file: RobotsFile) -> None:
        """Keep the origin's newest."""
        with self._database.write() as connection:
            sql_hosts.keep_robots_file(connection, origin, file)


class SqlPrintings:
    """Promises what ports.Printings does."""

    _database: Database

    def link_printings(self, printings: Sequence[Printing]) -> Reprints:
        """Remember texts and return their links."""
        with self._database.write() as connection:
            return sql_printings.link_printings(connection, printings)

    def reprints(self, article_ids: Sequence[str]) -> Reprints:
        """Look up links."""
        with self._database.read() as connection:
            return sql_printings.reprints(connection, article_ids)

    def untold_reprints(self, *, limit: int) -> Reprints:
        """Review some until there is a link that changed, or nothing left to review; others may write in between."""
        while True:
            with self._database.write() as connection:
                links = sql_printings.untold(connection, limit=limit)
                if links or not sql_printings.review(connection):
                    return links

    def mark_told(self, links: Reprints) -> None:
        """Note that the documents say so."""
        with self._database.write() as connection:
            sql_printings.mark_told(connection, links)

    def count_forgettable(self, before: datetime) -> int:
        """Count what ``forget_printings`` would forget."""
        with self._database.read() as connection:
            return sql_printings.count_forgettable(connection, before)

    def forget_printings(self, before: datetime, *, limit: int) -> int:
        """Forget old texts that are nobody's original."""
        with self._database.write() as connection:
            return sql_printings.forget(connection, before, limit=limit)


class SqlStories:
    """Promises what ports.Stories does."""

    _database: Database

    def join_stories(
        self, tellings: Sequence[Telling], now: datetime, *, revised: Collection[str] = ()
    ) -> Mapping[str, str]:
        """Give articles their stories: a draft while others may write, made anew where one did."""
        with self._database.read() as connection:
            draft = sql_stories.draft_stories(connection, tellings, now, revised)
        with self._database.write() as connection:
            if not sql_stories.is_current(connection, draft):
                draft = sql_stories.draft_stories(connection, tellings, now, revised)
            sql_stories.write_draft(connection, draft, now)
        return draft.joined

    def stories_of(self, article_ids: Sequence[str]) -> Mapping[str, str]:
        """Look articles up."""
        with self._database.read() as connection:
            return sql_stories.stories_of(connection, article_ids)

    def untold_stories(self, *, limit: int) -> Mapping[str, str]:
        """Look for articles that have moved."""
        with self._database.read() as connection:
            return sql_stories.untold_stories(connection, limit=limit)

    def mark_stories_told(self, told: Mapping[str, str]) -> None:
        """Keep what the documents say."""
        with self._database.write() as connection:
            sql_stories.mark_told(connection, told)

    def stories(
        self,
        *,
        since: datetime | None = None,
        sort: StorySort = StorySort.SIZE,
        limit: int = 20,
        least_articles: int = 1,
    ) -> tuple[Story, ...]:
        """List stories."""
        with self._database.read() as connection:
            return sql_stories.list_stories(
                connection, since=since, sort=sort, limit=limit, least_articles=least_articles
            )

    def story(self, story_id: str) -> Story | None:
        """Read one story."""
        with self._database.read() as connection:
            return sql_stories.find_story(connection, story_id)

    def follow_stories(self, story_ids: Collection[str]) -> Mapping[str, str]:
        """Follow mergers."""
        with self._database.read() as connection:
            return sql_stories.follow_stories(connection, story_ids)

    def timeline(self, story_id: str, *, limit: int = 1000) -> tuple[Member, ...]:
        """Read a story's articles."""
        with self._database.read() as connection:
            return sql_stories.timeline(connection, story_id, limit=limit)

    def close_stories(self, before: datetime, *, dry_run: bool = False) -> int:
        """Forget by what old stories are found."""
        with self._database.write() as connection:
            return sql_stories.close_stories(connection, before, dry_run=dry_run)
