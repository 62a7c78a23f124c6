"""Tables of the embedded index, and the connection that reads and writes them."""

import math
import sqlite3
from pathlib import Path

from pipeline.adapters.sqlite_wal import enable_wal
from pipeline.errors import StoreUnusable

#: Raised with every change of the tables below.
SCHEMA_VERSION = 5
BUSY_SECONDS = 30
CACHE_KB = 16_000  # of each connection; with SQLite's 2 MB, writing took a third longer
EARTH_RADIUS_KM = 6371.0087714  # the mean radius of WGS 84, as Elasticsearch measures

_SCHEMA = """
CREATE TABLE generations (
    name TEXT PRIMARY KEY,
    is_live INTEGER NOT NULL,
    documents INTEGER NOT NULL DEFAULT 0  -- how many it has
);
CREATE UNIQUE INDEX one_is_live ON generations (is_live) WHERE is_live;

-- What searches look for and order by: narrow, so that rows stand together in few pages.
CREATE TABLE documents (
    key INTEGER PRIMARY KEY,
    generation TEXT NOT NULL REFERENCES generations ON DELETE CASCADE,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,  -- milliseconds of the capture
    date INTEGER NOT NULL,     -- milliseconds of publication, else of the capture
    original TEXT NOT NULL,    -- id that it is folded under: of its original, else its own
    story TEXT,                -- id of the story that it is of
    UNIQUE (generation, id)
);
CREATE INDEX documents_by_date ON documents (generation, date DESC, id);
CREATE INDEX documents_by_original ON documents (generation, original);
CREATE INDEX documents_by_story ON documents (generation, story) WHERE story IS NOT NULL;

-- What hits show and words are found in.
CREATE TABLE texts (
    document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    language TEXT NOT NULL,
    headline TEXT NOT NULL,    -- this and the next three: folded words joined by spaces
    deck TEXT NOT NULL,
    lede TEXT NOT NULL,        -- the text's first paragraph
    text TEXT NOT NULL,
    form TEXT NOT NULL         -- the document's JSON
);

CREATE TABLE facets (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (document, facet, value)
) WITHOUT ROWID;
CREATE INDEX facets_by_folded ON facets (facet, folded);

-- What entities are called: a row for each spelling of each in a document.
CREATE TABLE names (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    kind TEXT NOT NULL,
    folded TEXT NOT NULL,
    entity TEXT NOT NULL,
    salience REAL NOT NULL,
    name TEXT,                 -- as it is written, where the spelling is its full name
    PRIMARY KEY (document, kind, folded, entity)
) WITHOUT ROWID;
CREATE INDEX names_by_kind ON names (kind, folded, entity);
CREATE INDEX names_by_entity ON names (entity);

-- Each spelling by each of its words: far fewer than there are names.
CREATE TABLE spellings (
    word TEXT NOT NULL,
    kind TEXT NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (word, kind, folded)
) WITHOUT ROWID;

-- Each value that summaries count once, by a number: see sqlite_counts.
CREATE TABLE counted (
    key INTEGER PRIMARY KEY,
    generation TEXT NOT NULL REFERENCES generations ON DELETE CASCADE,
    facet TEXT NOT NULL,
    value TEXT NOT NULL,
    documents INTEGER NOT NULL,  -- how many have it: of what stands in ``facets``, else 0
    UNIQUE (generation, facet, value)
);
CREATE TRIGGER document_added AFTER INSERT ON documents BEGIN
    UPDATE generations SET documents = documents + 1 WHERE name = new.generation;
END;
CREATE TRIGGER document_removed BEFORE DELETE ON documents BEGIN
    UPDATE generations SET documents = documents - 1 WHERE name = old.generation;
    UPDATE counted SET documents = documents - 1 WHERE generation = old.generation
        AND (facet, value) IN (SELECT facet, value FROM facets WHERE document = old.key);
END;

-- What a summary counts of a document: read whole, where the tables above would be read and sorted a row for each value.
CREATE TABLE summaries (
    document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
    counted BLOB NOT NULL,     -- 32 bits for each value: see sqlite_counts
    tiles BLOB NOT NULL        -- 32 bits for each tile of the closest zoom that it names a place in
);

-- Each word of all texts once, to look for what a misspelt one may mean: FTS5's vocabulary reads all places of a word to name it.
CREATE TABLE terms (term TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE locations (
    document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    latitude REAL NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude REAL NOT NULL CHECK (longitude BETWEEN -180 AND 180)
);
CREATE INDEX locations_by_document ON locations (document);
CREATE INDEX locations_by_latitude ON locations (latitude);

CREATE TABLE versions (
    id TEXT PRIMARY KEY,
    article_id TEXT NOT NULL,
    replaced_at INTEGER NOT NULL,  -- milliseconds
    form TEXT NOT NULL             -- the version's JSON
);
CREATE INDEX versions_by_article ON versions (article_id, replaced_at);
CREATE INDEX versions_by_time ON versions (replaced_at);

-- The words are parted and folded already, so the tokenizer has only spaces to look for.
CREATE VIRTUAL TABLE words USING fts5 (headline, deck, lede, text, content=texts, content_rowid=document, tokenize='ascii');
-- English words by their stems.
CREATE VIRTUAL TABLE stems USING fts5 (
    headline, deck, lede, text, content=texts, content_rowid=document, tokenize='porter ascii'
);

-- Which words there are, and in how many documents.
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);

CREATE TRIGGER text_added AFTER INSERT ON texts BEGIN
    INSERT INTO words (rowid, headline, deck, lede, text)
        VALUES (new.document, new.headline, new.deck, new.lede, new.text);
    INSERT INTO stems (rowid, headline, deck, lede, text)
        SELECT new.document, new.headline, new.deck, new.lede, new.text WHERE new.language = 'en';
END;
CREATE TRIGGER text_removed AFTER DELETE ON texts BEGIN
    INSERT INTO words (words, rowid, headline, deck, lede, text)
        VALUES ('delete', old.document, old.headline, old.deck, old.lede, old.text);
    INSERT INTO stems (stems, rowid, headline, deck, lede, text)
        SELECT 'delete', old.document, old.headline, old.deck, old.lede, old.text WHERE old.language = 'en';
END;
"""


#: What a search has found, while it counts and orders it; each connection has its own.
_FOUND = """
CREATE TEMP TABLE found (
    key INTEGER PRIMARY KEY,
    date INTEGER NOT NULL,
    id TEXT NOT NULL,
    original TEXT NOT NULL
)
"""


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the index, which is made where there is none.

    Readers and one writer work at a time without waiting for each other. Raises StoreUnusable for a file
    that is no index of ours.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Each thread has its own; that another may close it is all that the check would forbid.
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _open(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_memory() -> sqlite3.Connection:
    """Return a connection to an empty index in memory, which is gone with it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for statement in _split(_SCHEMA):
        connection.execute(statement)
    connection.create_function("distance_km", 4, distance_km, deterministic=True)
    return connection


def _open(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        _create(connection, path)
    elif version != SCHEMA_VERSION:
        message = (
            f"{path} has index schema {version}, this version of Newswire writes {SCHEMA_VERSION}: "
            "move the file away, then run newswire index rebuild and newswire index promote"
        )
        raise StoreUnusable(message)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(_FOUND)
    connection.create_function("distance_km", 4, distance_km, deterministic=True)
    # SQLite may be built without pow, and is faster with its own.
    if not connection.execute("SELECT 1 FROM pragma_function_list WHERE name = 'pow'").fetchone():
        connection.create_function("pow", 2, math.pow, deterministic=True)


def _create(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables. Two processes may try at once: the second finds them made."""
    enable_wal(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            _check_empty(connection, path)
            for statement in _split(_SCHEMA):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _check_empty(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        message = f"{path} is a database of something else; set NEWSWIRE_SEARCH_URL to a file of its own"
        raise StoreUnusable(message)


def _split(script: str) -> list[str]:
    """Return the statements one by one: ``executescript`` would end the transaction first."""
    statements, open_lines = [], ""
    for line in script.splitlines(keepends=True):
        open_lines += line
        if sqlite3.complete_statement(open_lines):
            statements.append(open_lines)
            open_lines = ""
    return statements


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the distance over the sphere between two points in degrees (haversine formula)."""
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi, half_lambda = (other_phi - phi) / 2, math.radians(other_longitude - longitude) / 2
    haversine = math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, haversine)))
