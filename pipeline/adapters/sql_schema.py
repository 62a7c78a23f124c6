"""Tables of the ledger, the same on SQLite and PostgreSQL; migrations/versions/ makes them."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TextClause,
    false,
    text,
    true,
)

from pipeline.adapters.sql_types import PlainText, UtcTime

metadata = MetaData()


def _index_part(name: str, *columns: Column[Any], where: ColumnElement[bool] | TextClause) -> None:
    """Index those rows alone, on both databases."""
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


feeds = Table(
    "feeds",
    metadata,
    Column("url", PlainText, primary_key=True),
    Column("feed", Text, nullable=False, comment="JSON of model.feed.Feed"),
    Column("state", Text, nullable=False, comment="JSON of model.feed.FeedState"),
    Column("status", Text, nullable=False, comment="as in state"),
    Column("due_at", UtcTime, nullable=False, comment="as in state"),
    Column("lease_until", UtcTime),
)
Index("feeds_by_due", feeds.c.status, feeds.c.due_at)

urls = Table(
    "urls",
    metadata,
    Column("url", PlainText, primary_key=True),
    Column("publisher", PlainText, nullable=False, comment="as in entry"),
    Column("entry", Text, nullable=False, comment="JSON of model.feed.Entry"),
    Column("revision", Integer, nullable=False, comment="raised with each change that a feed announces"),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False, comment="not visited before"),
    Column("attempts", Integer, nullable=False, comment="failed visits for this revision"),
    Column("claimed_by", Text, comment="id of the batch"),
    Column("lease_until", UtcTime),
    Column("fate", Text, comment="none while pending"),
    Column("reason", Text),
    Column("settled_at", UtcTime),
    Column("detail", Text, comment="what went wrong, while pending too"),
    Column("document", Text, comment="JSON, of a dead letter that the search store refused"),
    Column("article_id", Text),
    Column("capture", Text, comment="JSON of model.capture.CaptureRef"),
    Column("pruned_at", UtcTime, comment="none while nothing was taken away"),
    Column("revisit_at", UtcTime, comment="of a settled URL"),
    Column("is_past", Boolean, nullable=False, server_default=false(), comment="waits behind live ones"),
    # Pending without a fate, or settled with exactly one and its reason.
    CheckConstraint("(fate IS NULL) = (reason IS NULL) AND (fate IS NULL) = (settled_at IS NULL)", "one_fate"),
    CheckConstraint("(claimed_by IS NULL) = (lease_until IS NULL)", "claims_have_leases"),
    CheckConstraint("fate IS NULL OR claimed_by IS NULL", "only_pending_is_claimed"),
)
_is_pending = urls.c.fate.is_(None)
_index_part("urls_pending", urls.c.is_past, urls.c.due_at, urls.c.url, where=_is_pending)
_index_part("urls_pending_by_publisher", urls.c.is_past, urls.c.publisher, urls.c.due_at, urls.c.url, where=_is_pending)
_index_part("urls_claimed", urls.c.claimed_by, where=urls.c.claimed_by.is_not(None))
# Without the pending, else SQLite takes this index for them, and sorts them all to find the oldest.
_index_part("urls_by_fate", urls.c.fate, urls.c.reason, where=urls.c.fate.is_not(None))
_index_part("urls_to_prune", urls.c.fate, urls.c.settled_at, where=urls.c.pruned_at.is_(None))
_index_part("urls_to_revisit", urls.c.revisit_at, where=urls.c.revisit_at.is_not(None))

articles = Table(
    "articles",
    metadata,
    Column("article_id", Text, primary_key=True),
    Column("url", Text, nullable=False, comment="the URL that holds the article"),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("content_hash", Text, comment="this and the next two: none until the article is indexed"),
    Column("version", Integer),
    Column("captured_at", UtcTime),
    Column("public_since", UtcTime, comment="published or first seen; none until it is indexed"),
    Column("withdrawn_at", UtcTime, comment="the page is gone since then"),
    Column("is_withdrawal_told", Boolean, nullable=False, server_default=true(), comment="the document says the same"),
    Column("has_feed_text", Boolean, nullable=False, server_default=false(), comment="its entry alone has the text"),
    Column("is_watched", Boolean, nullable=False, server_default=true(), comment="saved searches were asked about it"),
    CheckConstraint(
        "(content_hash IS NULL) = (version IS NULL) AND (content_hash IS NULL) = (captured_at IS NULL)",
        "indexed_or_only_owned",
    ),
)
_index_part("articles_untold", articles.c.article_id, where=text("NOT is_withdrawal_told"))
_index_part("articles_unwatched", articles.c.article_id, where=text("NOT is_watched"))

past_withdrawals = Table(
    "past_withdrawals",
    metadata,
    Column("article_id", PlainText, primary_key=True),
    Column("withdrawn_at", UtcTime, primary_key=True),
    Column("returned_at", UtcTime, nullable=False, comment="the page was seen to be there again"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", PlainText, primary_key=True),
    Column("next_at", UtcTime, nullable=False, comment="no request starts before"),
    Column("closed_until", UtcTime, comment="as the host asked for"),
    Column("live_turns_left", Integer, comment="before one is past work's, which waits"),
)

robots_files = Table(
    "robots_files",
    metadata,
    Column("origin", PlainText, primary_key=True),
    Column("text", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("is_closed", Boolean, nullable=False, server_default=false()),
)

warc_imports = Table(
    "warc_imports",
    metadata,
    Column("file", PlainText, primary_key=True, comment="address of the WARC file"),
    Column("since", UtcTime, primary_key=True, comment="of the interval that was read from it"),
    Column("until", UtcTime, primary_key=True),
    Column("position", BigInteger, nullable=False, comment="bytes that are done"),
    Column("is_done", Boolean, nullable=False, server_default=false()),
)

printings = Table(
    "printings",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("article_id", PlainText, nullable=False, unique=True),
    Column("standing", SmallInteger, nullable=False, comment="model.reprint.Standing"),
    Column("printed_at", UtcTime, nullable=False),
    Column("captured_at", UtcTime, nullable=False),
    Column("keys", LargeBinary, nullable=False, comment="model.reprint.Fingerprint"),
    Column("passages", LargeBinary, nullable=False, comment="as above"),
    Column("shingles", LargeBinary, nullable=False, comment="as above"),
    Column("original", Integer, comment="number of the original, of a reprint"),
    Column("similarity", Float),
    Column("own_share", Float),
    Column("is_told", Boolean, nullable=False, comment="the document says the same"),
)
_index_part("printings_by_original", printings.c.original, printings.c.number, where=printings.c.original.is_not(None))
Index("printings_by_capture", printings.c.captured_at)
_index_part("printings_untold", printings.c.number, where=text("NOT is_told"))

printing_keys = Table(
    "printing_keys",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False, comment="of a passage"),
    Column("printing", Integer, primary_key=True, autoincrement=False, comment="number; the best-ranked ones"),
    sqlite_with_rowid=False,
)

printing_reviews = Table(
    "printing_reviews",
    metadata,
    Column("original", Integer, primary_key=True, autoincrement=False, comment="whose reprints are looked at again"),
    Column("after", Integer, nullable=False, comment="those with a greater number are still to come"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", PlainText, primary_key=True),
    Column("first_at", UtcTime, nullable=False, comment="as in state"),
    Column("last_at", UtcTime, nullable=False, comment="as in state"),
    Column("articles", Integer, nullable=False, comment="as in state"),
    Column("merged_into", PlainText, comment="as in state"),
    Column("state", Text, nullable=False, comment="JSON of model.story.StoryState without the next"),
    Column("centre", LargeBinary, comment="MessagePack; none once it is forgotten"),
    Column("written_at", UtcTime, nullable=False),
)
Index("stories_by_time", stories.c.last_at)
_index_part("stories_to_forget", stories.c.written_at, where=stories.c.centre.is_not(None))

story_articles = Table(
    "story_articles",
    metadata,
    Column("article_id", PlainText, primary_key=True),
    Column("story", PlainText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("member", Text, nullable=False, comment="JSON of model.story.Member"),
    Column("told", PlainText, comment="the story that its document names; none until it is written"),
)
Index("story_articles_by_story", story_articles.c.story, story_articles.c.at)
_index_part("story_articles_moved", story_articles.c.article_id, where=text("told <> story"))

story_postings = Table(
    "story_postings",
    metadata,
    # First, so that what is written now lies together, however much there was before.
    Column("bucket", Integer, primary_key=True, autoincrement=False, comment="of time"),
    Column("trait", PlainText, primary_key=True),
    Column("stories", Text, nullable=False, comment="ids, the newest first"),
    Column("written_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("story_postings_by_time", story_postings.c.written_at)

story_changes = Table(
    "story_changes",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False, comment="of writes to these tables; one row"),
)

known_entities = Table(
    "known_entities",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", PlainText, nullable=False),
    Column("entity", Text, nullable=False, comment="JSON of model.known.KnownEntity"),
    Column("source", PlainText, nullable=False, comment="as in entity"),
    Column("found_by", LargeBinary, nullable=False, comment="keys in known_keys, four bytes each"),
    Column("imported_at", UtcTime, nullable=False),
)
Index("known_entities_by_id", known_entities.c.id, unique=True)
Index("known_entities_by_source", known_entities.c.source)

known_keys = Table(
    "known_keys",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False, comment="what names that may be one are found by"),
    Column("entity", Integer, primary_key=True, autoincrement=False, comment="number of known_entities"),
    sqlite_with_rowid=False,
)

entity_decisions = Table(
    "entity_decisions",
    metadata,
    Column("subject", PlainText, primary_key=True),
    Column("spelling", PlainText, primary_key=True, comment="folded; empty for a merge"),
    Column("decision", Text, nullable=False, comment="JSON of model.known.Decision"),
    Column("decided_at", UtcTime, nullable=False),
)

saved_searches = Table(
    "saved_searches",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("search", Text, nullable=False, comment="JSON of model.alert.SavedSearch"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", PlainText, primary_key=True),
    Column("search", PlainText, nullable=False, comment="as in alert"),
    Column("kind", PlainText, nullable=False, comment="as in alert"),
    Column("at", UtcTime, nullable=False, comment="as in alert"),
    Column("shown_at", UtcTime, comment="date of the document that shows it"),
    Column("alert", Text, nullable=False, comment="JSON of model.alert.Alert"),
    Column("is_announced", Boolean, nullable=False, server_default=false(), comment="as an event of Airflow's asset"),
)
Index("alerts_by_search", alerts.c.search, alerts.c.at)
Index("alerts_by_time", alerts.c.at)
_index_part("alerts_unannounced", alerts.c.at, where=text("NOT is_announced"))

alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("alert_id", PlainText, primary_key=True),
    Column("url", PlainText, primary_key=True, comment="of the webhook"),
    Column("state", PlainText, nullable=False, comment="model.alert.DeliveryState"),
    Column("attempts", Integer, nullable=False, comment="that failed"),
    Column("due_at", UtcTime, comment="none unless it waits"),
    Column("detail", Text, nullable=False, comment="what went wrong at the last try"),
)
_index_part(
    "alert_deliveries_open", alert_deliveries.c.state, alert_deliveries.c.due_at, where=text("state <> 'delivered'")
)
