"""The memory of stories, as functions over an open transaction: the part that some articles may touch is read, grown, written.

Reading and growing take most of the time and are a draft, for which nobody else has to wait. It is written where nothing
was written since it was begun, which is nearly always so; else it is made anew by whoever may write.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from pipeline.adapters.sql_among import among
from pipeline.adapters.sql_database import rows_by_key
from pipeline.adapters.sql_schema import stories, story_articles, story_changes, story_postings
from pipeline.model import codec
from pipeline.model.story import Member, Story, StorySort, StoryState, Telling
from pipeline.stories import grouping
from pipeline.stories.grouping import Neighbourhood
from pipeline.stories.growth import show_story
from pipeline.stories.postings import Key, keys_to_read

_MERGED_ON = 20  # stories that lead to one another, one behind the other, before something must be wrong

_postings = select(story_postings.c.trait, story_postings.c.stories).where(
    story_postings.c.bucket == bindparam("bucket"), among(story_postings.c.trait)
)


@dataclass(slots=True, kw_only=True)
class _Centre:
    """The column of that name."""

    centre: dict[str, dict[str, float]]
    lengths: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The stories of some articles, not written yet."""

    #: The number of writes before it.
    follows: int
    #: By article id, of all that were asked for.
    joined: Mapping[str, str]
    fresh: Sequence[Telling] = ()
    revised: Sequence[Telling] = ()
    near: Neighbourhood = field(default_factory=Neighbourhood)
    #: What of the neighbourhood was there before.
    known_postings: Collection[Key] = ()
    known_stories: Collection[str] = ()


def draft_stories(
    connection: Connection, given: Sequence[Telling], now: datetime, revised: Collection[str] = ()
) -> Draft:
    """Give each article its story."""
    follows = _count_changes(connection)  # before all else: what comes later may have seen the next write
    asked = {telling.article_id: telling for telling in given}
    known = stories_of(connection, asked)
    fresh = [telling for key, telling in asked.items() if key not in known]
    again = [telling for key, telling in asked.items() if key in known and key in revised]
    if not fresh and not again:
        return Draft(follows=follows, joined=known)
    near = Neighbourhood(homes={telling.article_id: known[telling.article_id] for telling in again})
    near.postings.update(_read_postings(connection, {key for each in (*fresh, *again) for key in _keys(each)}))
    known_postings = set(near.postings)
    wanted = {story for each in (*fresh, *again) for story in grouping.candidates_of(each, near)}
    near.stories.update(_read_states(connection, wanted | grouping.stories_to_leave(again, near)))
    known_stories = set(near.stories)
    joined = grouping.join_stories([*fresh, *again], near, now)
    return Draft(
        follows=follows,
        joined=known | joined,
        fresh=fresh,
        revised=again,
        near=near,
        known_postings=known_postings,
        known_stories=known_stories,
    )


def is_current(connection: Connection, draft: Draft) -> bool:
    """Tell whether nothing was written since the draft was begun."""
    return _count_changes(connection) == draft.follows


def write_draft(connection: Connection, draft: Draft, now: datetime) -> None:
    """Write what has changed by it."""
    near = draft.near
    if not draft.fresh and not draft.revised:
        return
    _write_articles(connection, draft)
    for goes, stays in near.mergers:
        connection.execute(update(story_articles).where(story_articles.c.story == goes).values(story=stays))
    changed = [near.stories[key] for key in sorted(near.changed_stories)]
    _write_states(connection, changed, draft.known_stories, now)
    _write_postings(connection, near, draft.known_postings, now)
    _count_one_more(connection)


def stories_of(connection: Connection, article_ids: Iterable[str]) -> dict[str, str]:
    """Look articles up."""
    rows = rows_by_key(connection, story_articles.c.article_id, set(article_ids), story_articles.c.story)
    return {key: row.story for key, row in rows.items()}


def untold_stories(connection: Connection, *, limit: int) -> dict[str, str]:
    """Look for articles that have moved."""
    moved = select(story_articles.c.article_id, story_articles.c.story).where(
        story_articles.c.told != story_articles.c.story
    )
    return {row.article_id: row.story for row in connection.execute(moved.limit(limit))}


def mark_told(connection: Connection, told: Mapping[str, str]) -> None:
    """Keep what the documents say; an article that moved meanwhile is untold by that."""
    if told:
        statement = update(story_articles).where(story_articles.c.article_id == bindparam("key"))
        rows = [{"key": key, "named": story} for key, story in sorted(told.items())]
        connection.execute(statement.values(told=bindparam("named")), rows)


def list_stories(
    connection: Connection, *, since: datetime | None, sort: StorySort, limit: int, least_articles: int
) -> tuple[Story, ...]:
    """Read the stories that are none other's part."""
    query = select(stories.c.state).where(stories.c.merged_into.is_(None), stories.c.articles >= least_articles)
    if since:
        query = query.where(stories.c.last_at >= since)
    newest: tuple[ColumnElement[object], ...] = (stories.c.last_at.desc(), stories.c.id)
    order = newest if sort is StorySort.NEWEST else (stories.c.articles.desc(), *newest)
    rows = connection.execute(query.order_by(*order).limit(limit)).scalars()
    return tuple(show_story(codec.decode(state, StoryState)) for state in rows)


def find_story(connection: Connection, story_id: str) -> Story | None:
    """Read the story that the id leads to."""
    for _ in range(_MERGED_ON):
        state = connection.execute(select(stories.c.state).where(stories.c.id == story_id)).scalar()
        if state is None:
            return None
        story = codec.decode(state, StoryState)
        if not story.merged_into:
            return show_story(story)
        story_id = story.merged_into
    return None


def follow_stories(connection: Connection, story_ids: Iterable[str]) -> dict[str, str]:
    """Read where they lead, one merger after another, of all at once."""
    leads = {story_id: story_id for story_id in story_ids}
    for _ in range(_MERGED_ON):
        rows = rows_by_key(connection, stories.c.id, set(leads.values()), stories.c.merged_into)
        merged = {key: row.merged_into for key, row in rows.items() if row.merged_into}
        if not merged:
            break
        leads = {story_id: merged.get(lead, lead) for story_id, lead in leads.items()}
    return {story_id: lead for story_id, lead in leads.items() if lead != story_id}


def timeline(connection: Connection, story_id: str, *, limit: int) -> tuple[Member, ...]:
    """Read the story's articles by time."""
    story = find_story(connection, story_id)
    key = story.id if story else story_id
    query = select(story_articles.c.member).where(story_articles.c.story == key)
    rows = connection.execute(query.order_by(story_articles.c.at, story_articles.c.article_id).limit(limit)).scalars()
    return tuple(codec.decode(member, Member) for member in rows)


def close_stories(connection: Connection, before: datetime, *, dry_run: bool) -> int:
    """Delete old lists, and empty the stories' centres."""
    old = (stories.c.written_at < before, stories.c.centre.is_not(None))
    if dry_run:
        return connection.execute(select(func.count()).select_from(stories).where(*old)).scalar_one()
    connection.execute(delete(story_postings).where(story_postings.c.written_at < before))
    _count_one_more(connection)
    return connection.execute(update(stories).where(*old).values(centre=None)).rowcount


def _keys(telling: Telling) -> Iterator[Key]:
    return keys_to_read(telling.traits, telling.at)


def _read_postings(connection: Connection, keys: Iterable[Key]) -> Iterator[tuple[Key, list[str]]]:
    by_bucket = defaultdict[int, list[str]](list)
    for trait, bucket in keys:
        by_bucket[bucket].append(trait)
    for bucket, traits in sorted(by_bucket.items()):
        for row in connection.execute(_postings, {"bucket": bucket, "values": sorted(traits)}):
            yield (row.trait, bucket), row.stories.split()


def _read_states(connection: Connection, ids: Iterable[str]) -> dict[str, StoryState]:
    """Read stories, and those that they were merged into."""
    states: dict[str, StoryState] = {}
    wanted = set(ids)
    while wanted:
        rows = rows_by_key(connection, stories.c.id, wanted, stories.c.state, stories.c.centre)
        for key, row in rows.items():
            states[key] = codec.decode(row.state, StoryState)
            if row.centre:
                centre = codec.unpack(row.centre, _Centre)
                states[key].centre, states[key].lengths = centre.centre, centre.lengths
        wanted = {state.merged_into for state in states.values() if state.merged_into} - set(states)
    return states


def _count_changes(connection: Connection) -> int:
    number: int = connection.execute(select(story_changes.c.number)).scalar_one()
    return number


def _count_one_more(connection: Connection) -> None:
    connection.execute(update(story_changes).values(number=story_changes.c.number + 1))


def _write_articles(connection: Connection, draft: Draft) -> None:
    fresh, revised = (
        [
            {
                "key": each.article_id,
                "story": draft.joined[each.article_id],
                "at": each.at,
                "member": codec.encode(_member_of(each)).decode(),
            }
            for each in tellings
        ]
        for tellings in (draft.fresh, draft.revised)
    )
    if fresh:
        connection.execute(insert(story_articles), [{"article_id": row.pop("key"), **row} for row in fresh])
    if revised:
        connection.execute(update(story_articles).where(story_articles.c.article_id == bindparam("key")), revised)


def _member_of(telling: Telling) -> Member:
    return Member(
        article_id=telling.article_id,
        at=telling.at,
        publisher=telling.publisher,
        language=telling.language,
        headline=telling.headline,
        url=telling.url,
    )


def _write_states(connection: Connection, states: Sequence[StoryState], known: Collection[str], now: datetime) -> None:
    rows = [
        {
            "key": state.id,
            "first_at": state.first_at,
            "last_at": state.last_at,
            "articles": state.articles,
            "merged_into": state.merged_into,
            "state": codec.encode(replace(state, centre={}, lengths={})).decode(),
            "centre": codec.pack(_Centre(centre=state.centre, lengths=state.lengths)),
            "written_at": now,
        }
        for state in states
    ]
    new = [{"id": row.pop("key"), **row} for row in rows if row["key"] not in known]
    old = [row for row in rows if "key" in row]
    if new:
        connection.execute(insert(stories), new)
    if old:
        connection.execute(update(stories).where(stories.c.id == bindparam("key")), old)


def _write_postings(connection: Connection, near: Neighbourhood, known: Collection[Key], now: datetime) -> None:
    rows = [(key, " ".join(near.postings[key])) for key in sorted(near.changed_postings)]
    new = [
        {"trait": trait, "bucket": bucket, "stories": listed, "written_at": now}
        for (trait, bucket), listed in rows
        if (trait, bucket) not in known
    ]
    old = [
        {"key": trait, "at": bucket, "stories": listed, "written_at": now}
        for (trait, bucket), listed in rows
        if (trait, bucket) in known
    ]
    if new:
        connection.execute(insert(story_postings), new)
    if old:
        here = (story_postings.c.trait == bindparam("key"), story_postings.c.bucket == bindparam("at"))
        connection.execute(update(story_postings).where(*here), old)
