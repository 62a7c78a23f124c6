"""newswire extract: what one page says, without any store."""

import asyncio
import stat
import sys
from datetime import UTC, datetime
from os import fstat
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pipeline.cli import console
from pipeline.cli.explain import print_explanation
from pipeline.cli.rows import JsonObject, read_bytes, write_rows
from pipeline.discover.sources import find_rules, parse_sources
from pipeline.enrich.language import decide_language
from pipeline.errors import Reject, UsageError
from pipeline.extract.article import extract_article
from pipeline.extract.explain import Explanation, explain_page
from pipeline.fetch.responses import judge_response
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.evidence import Timestamp
from pipeline.model.feed import Feed, Rules
from pipeline.ports import Confinement
from pipeline.settings import read_settings
from pipeline.urls import normalise_url
from pipeline.wiring import Wiring

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
    as_json: console.Json = False,
    sources: Annotated[
        Path | None, typer.Option(help="A sources file: the rules of the source of the page's site are applied.")
    ] = None,
) -> None:
    """Print what a page says: headline, authors, dates, text; or why it is no article."""
    wiring = Wiring(read_settings())
    is_address = page is not None and page.startswith(("http://", "https://"))
    url = page if is_address else url
    file = Path(page) if page and not is_address else None
    feeds = _read_sources(sources)
    if jsonl:
        _refuse_with_lines("--url", "each line has its own", is_given=url is not None)
        _refuse_with_lines("--explain", "explain one page at a time", is_given=explain)
        write_rows(file, lambda row: _extract_row(row, feeds, wiring.confined))
        return
    if file is None and url and (is_address or not _is_piped()):
        capture = asyncio.run(_fetch(wiring, url))
    else:
        capture = _as_capture(normalise_url(url) if url else UNKNOWN_ADDRESS, read_bytes(file), "text/html")
    rules = find_rules(feeds, capture.final_url)
    if sources and rules is None:
        raise UsageError(
            f"{sources} has no source of the site of {capture.final_url}; name the page's address by --url"
        )
    if explain:
        verdict = _print_explanation(capture, rules or Rules(), as_json=as_json)
    else:
        verdict = _print_description(
            _describe(capture, rules or Rules(), wiring.confined) | {"url": url}, as_json=as_json
        )
    if verdict != "article":
        raise typer.Exit(1)


def _refuse_with_lines(option: str, instead: str, *, is_given: bool) -> None:
    if is_given:
        raise UsageError(f"--jsonl and {option} do not go together: {instead}")


def _read_sources(file: Path | None) -> tuple[Feed, ...]:
    return parse_sources(read_bytes(file).decode("utf-8", "replace"), str(file)) if file else ()


def _extract_row(row: JsonObject, feeds: tuple[Feed, ...], confined: Confinement) -> JsonObject:
    html, url = row.get("html"), row.get("url")
    if not isinstance(html, str):
        raise UsageError('"html" is missing or no string')
    address = normalise_url(url) if isinstance(url, str) and url else UNKNOWN_ADDRESS
    capture = _as_capture(address, html.encode("utf-8", "replace"), "text/html; charset=utf-8")
    answer = _describe(capture, find_rules(feeds, address) or Rules(), confined) | {"id": row.get("id"), "url": url}
    answer.pop("detail", None)
    return answer


def _describe(capture: Capture, rules: Rules, confined: Confinement) -> JsonObject:
    try:
        judge_response(capture)
        article = confined.call(extract_article, capture, None, rules)
    except Reject as error:
        fields = dict.fromkeys(("title", "published", "modified", "dates", "language", "deck"))
        row: JsonObject = {"id": None, "url": capture.url} | fields | {"authors": [], "topics": [], "text": ""}
        row["deck_is_shown"] = False
        return row | {"verdict": str(error.reason), "detail": error.detail}
    return _article_json(article, decide_language(article.text, article.declared_language)) | {"verdict": "article"}


def _explain(capture: Capture, rules: Rules) -> Explanation:
    try:
        judge_response(capture)
        return explain_page(capture, rules)
    except Reject as error:  # refused unread
        return Explanation(
            verdict=str(error), text_source=None, rules=rules, fields=(), container=None, cut=0.0, blocks=()
        )


def _article_json(article: Article, language: str) -> JsonObject:
    return {
        "id": None,
        "url": article.url,
        "title": article.headline.value,
        "authors": list(article.byline.authors),
        "published": article.published.value.isoformat() if article.published else None,
        "modified": article.modified.value.isoformat() if article.modified else None,
        "dates": {"published": _stamp_json(article.published), "modified": _stamp_json(article.modified)},
        "topics": list(article.topics),
        "language": language,
        "deck": article.deck,
        "deck_is_shown": article.deck_is_shown,
        "text": article.text,
    }


def _stamp_json(stamp: Timestamp | None) -> JsonObject | None:
    """Return the evidence of a time: one without an offset is given in UTC by convention, one of a day at midnight."""
    if stamp is None:
        return None
    return {"raw": stamp.raw, "source": stamp.source, "precision": stamp.precision, "has_offset": stamp.has_offset}


def _print_explanation(capture: Capture, rules: Rules, *, as_json: bool) -> str:
    """Print why the page is read as it is; return the verdict."""
    explanation = _explain(capture, rules)
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
