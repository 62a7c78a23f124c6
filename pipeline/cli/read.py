"""newswire extract and annotate: what one page says and whom one text names, without any store."""

import asyncio
import codecs
import json
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from os import fstat
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from pipeline.cli import console
from pipeline.cli.explain import print_explanation
from pipeline.enrich.annotate import Source
from pipeline.enrich.language import decide_language
from pipeline.errors import NewswireError, Reject, UsageError
from pipeline.extract.article import extract_article
from pipeline.extract.explain import Explanation, explain_page
from pipeline.fetch.responses import judge_response
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.entity import Annotation, Entity
from pipeline.model.feed import Rules
from pipeline.settings import read_settings
from pipeline.urls import normalise_url
from pipeline.wiring import Wiring

JsonObject = dict[str, Any]
UNKNOWN_ADDRESS = "https://page.invalid/"


def extract(
    page: Annotated[
        str | None, typer.Argument(help="An HTML file or an address; - or nothing: standard input.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The page's address; fetched where no file is given.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read lines {"id","url","html"}, write a line for each.')
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each field's candidates, and why each block stayed or went.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Print what a page says: headline, authors, dates, text; or why it is no article."""
    wiring = Wiring(read_settings())
    is_address = page is not None and page.startswith(("http://", "https://"))
    url = page if is_address else url
    file = Path(page) if page and not is_address else None
    if jsonl:
        _refuse_with_lines("--url", "each line has its own", is_given=url is not None)
        _refuse_with_lines("--explain", "explain one page at a time", is_given=explain)
        _each_line(file, _extract_row)
        return
    if file is None and url and (is_address or not _is_piped()):
        capture = asyncio.run(_fetch(wiring, url))
    else:
        capture = _as_capture(normalise_url(url) if url else UNKNOWN_ADDRESS, _read_bytes(file), "text/html")
    if explain:
        verdict = _print_explanation(capture, as_json=as_json)
    else:
        verdict = _print_description(_describe(capture) | {"url": url}, as_json=as_json)
    if verdict != "article":
        raise typer.Exit(1)


def annotate(
    file: Annotated[Path | None, typer.Argument(help="A text file; - or nothing: standard input.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639-1, where it is known.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help='Read lines {"id","language"?,"title"?,"text"}.')] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Print whom and what a text names, and who is quoted."""
    annotator = Wiring(read_settings()).page_annotator

    def annotate_row(row: JsonObject) -> JsonObject:
        text, title, tongue = row.get("text"), row.get("title"), row.get("language")
        if not isinstance(text, str):
            raise UsageError('"text" is missing or no string')
        for name, value in (("title", title), ("language", tongue)):
            if not isinstance(value, str | None):
                raise UsageError(f'"{name}" is no string')
        [found] = annotator.annotate_texts([Source(text=text, title=title, declared_language=tongue)])
        return {"id": row.get("id")} | _annotation_json(found)

    if jsonl:
        _each_line(file, annotate_row)
        return
    text = _as_text(_read_bytes(file))
    [found] = annotator.annotate_texts([Source(text=text, declared_language=language)])
    if as_json:
        console.print_json(_annotation_json(found))
        return
    console.say(f"language: {found.language}, annotation: {found.method}")
    rows = [(e.kind, e.name, e.count, " · ".join(e.aliases), _where(e)) for e in found.entities]
    console.show(console.make_table("", ("kind", "name", "mentions#", "spellings", "where"), rows))
    names = {entity.id: entity.name for entity in found.entities}
    for quote in found.quotes:
        console.say(f"“{quote.text}” — {names.get(quote.speaker or '', 'unattributed')}")


def _each_line(file: Path | None, work: Callable[[JsonObject], JsonObject]) -> None:
    """Write one line for each line read, in order; a bad line gives a line with ``error``, and the rest goes on."""
    for line in _read_lines(file):
        row: JsonObject = {}
        try:
            row = _read_row(line)
            answer = work(row)
        except NewswireError as error:
            answer = {"id": row.get("id"), "error": str(error)}
        sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()


def _refuse_with_lines(option: str, instead: str, *, is_given: bool) -> None:
    if is_given:
        raise UsageError(f"--jsonl and {option} do not go together: {instead}")


def _read_row(line: bytes) -> JsonObject:
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # a decoding error is a ValueError as well
        raise UsageError(f"the line is no JSON: {error}") from error
    if not isinstance(row, dict):
        raise UsageError("the line is no JSON object")
    return row


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _extract_row(row: JsonObject) -> JsonObject:
    html, url = row.get("html"), row.get("url")
    if not isinstance(html, str):
        raise UsageError('"html" is missing or no string')
    address = normalise_url(url) if isinstance(url, str) and url else UNKNOWN_ADDRESS
    capture = _as_capture(address, html.encode("utf-8", "replace"), "text/html; charset=utf-8")
    answer = _describe(capture) | {"id": row.get("id"), "url": url}
    answer.pop("detail", None)
    return answer


def _describe(capture: Capture) -> JsonObject:
    try:
        judge_response(capture)
        article = extract_article(capture, None, Rules())
    except Reject as error:
        fields = dict.fromkeys(("title", "published", "modified", "language", "deck"))
        row: JsonObject = {"id": None, "url": capture.url} | fields | {"authors": [], "topics": [], "text": ""}
        row["deck_is_shown"] = False
        return row | {"verdict": str(error.reason), "detail": error.detail}
    return _article_json(article, decide_language(article.text, article.declared_language)) | {"verdict": "article"}


def _explain(capture: Capture) -> Explanation:
    try:
        judge_response(capture)
        return explain_page(capture, Rules())
    except Reject as error:  # refused unread
        return Explanation(verdict=str(error), text_source=None, fields=(), container=None, cut=0.0, blocks=())


def _article_json(article: Article, language: str) -> JsonObject:
    return {
        "id": None,
        "url": article.url,
        "title": article.headline.value,
        "authors": list(article.byline.authors),
        "published": article.published.value.isoformat() if article.published else None,
        "modified": article.modified.value.isoformat() if article.modified else None,
        "topics": list(article.topics),
        "language": language,
        "deck": article.deck,
        "deck_is_shown": article.deck_is_shown,
        "text": article.text,
    }


def _annotation_json(found: Annotation) -> JsonObject:
    return {
        "language": found.language,
        "annotation": found.method,
        "mentions": [
            {"start": m.start, "end": m.end, "text": m.text, "kind": m.kind, "entity": m.entity} for m in found.mentions
        ],
        "entities": [_entity_json(entity) for entity in found.entities],
        "quotes": [
            {
                "start": quote.start,
                "end": quote.end,
                "text": quote.text,
                "speaker": quote.speaker,
                "cue": quote.cue,
                "venue": quote.venue,
                "partial": quote.is_partial,
            }
            for quote in found.quotes
        ],
    }


def _entity_json(entity: Entity) -> JsonObject:
    row: JsonObject = {
        "id": entity.id,
        "kind": entity.kind,
        "name": entity.name,
        "aliases": list(entity.aliases),
        "count": entity.count,
        "salience": entity.salience,
    }
    if entity.via:
        row["via"] = [{"start": one.start, "end": one.end, "text": one.text} for one in entity.via]
    if entity.country:
        row["country"] = entity.country
    if entity.place:
        place = entity.place
        row |= {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "geonames": place.geonames,
            "country": place.country,
        }
    return row


def _where(entity: Entity) -> str:
    place = entity.place
    return f"{place.latitude:.2f}, {place.longitude:.2f} {place.country or ''}" if place else ""


def _print_explanation(capture: Capture, *, as_json: bool) -> str:
    """Print why the page is read as it is; return the verdict."""
    explanation = _explain(capture)
    if as_json:
        console.print_json(msgspec.to_builtins(explanation))
    else:
        print_explanation(explanation)
    return explanation.verdict


def _print_description(row: JsonObject, *, as_json: bool) -> str:
    """Print the article, or why there is none; return the verdict."""
    verdict = str(row["verdict"])
    if as_json:
        console.print_json(row)
    elif verdict != "article":
        console.say(f"no article: {verdict}" + (f" ({row['detail']})" if row.get("detail") else ""))
    else:
        _print_article(row)
    return verdict


def _print_article(row: JsonObject) -> None:
    console.say(row["title"], style="bold")
    facts = [", ".join(row["authors"]), row["published"], row["language"], ", ".join(row["topics"])]
    console.say(" · ".join(fact for fact in facts if fact), style="dim")
    if row["deck"]:
        console.say(f"\n{row['deck']}", style="italic")
    console.say(f"\n{row['text']}")


async def _fetch(wiring: Wiring, url: str) -> Capture:
    async with wiring.fetcher() as fetcher:
        return await fetcher.fetch(normalise_url(url))


def _as_capture(url: str, body: bytes, content_type: str) -> Capture:
    now = datetime.now(UTC)
    headers = (("Content-Type", content_type),)
    return Capture(url=url, final_url=url, fetched_at=now, status=200, headers=headers, body=body)


def _is_piped() -> bool:
    """Tell whether standard input holds something to read: a file or a pipe, not a terminal or nothing."""
    mode = fstat(sys.stdin.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _as_text(content: bytes) -> str:
    """Return a text file's text: in UTF-16 where its mark says so, else in UTF-8. The mark is no part of it."""
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf_16 else "utf-8-sig", "replace")


def _read_bytes(file: Path | None) -> bytes:
    if file is None or str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _read_lines(file: Path | None) -> Iterator[bytes]:
    if file is None or str(file) == "-":
        yield from sys.stdin.buffer
        return
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
