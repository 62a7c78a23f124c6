"""A page of hits, as JSON for machines and as text for people."""

import html
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from rich.text import Text

from pipeline.cli import console
from pipeline.model.query import Facet, Hit, Part, Query, Reason, SearchPage, Summary
from pipeline.search.prints import Prints

_BAR = 40  # characters of the longest bar of the timeline
_MOST_SPANS = 60


def page_json(page: SearchPage) -> dict[str, Any]:
    """Return the page as ``newswire search --json`` prints it; what was not asked for is left out."""
    return {
        "total": page.total,
        **({} if page.folded_total is None else {"folded_total": page.folded_total}),
        "hits": [_hit_json(hit) for hit in page.hits],
        "facets": {name: _facets_json(facets) for name, facets in page.facets.items()},
        **(_summary_json(page.summary) if page.summary else {}),
        **({"suggestion": page.suggestion} if page.suggestion else {}),
    }


def print_page(page: SearchPage, query: Query, prints: Mapping[str, Prints]) -> None:
    """Print the page for people, with who else printed the hits: see ``find_prints``."""
    documents = console.count(page.total, "document", "documents")
    folded = "" if page.folded_total is None else f", {page.folded_total} of them with a text of their own"
    first = (query.page - 1) * query.limit
    shown = f"; hits {first + 1} to {first + len(page.hits)}" if first and page.hits else ""
    if first and page.total and not page.hits:
        shown = f"; nothing on page {query.page} of {query.limit} hits: all are on earlier ones"
    zone = "; times in UTC" if any(hit.published or hit.withdrawn_at for hit in page.hits) else ""
    console.say(documents + folded + shown + zone)
    if page.suggestion:
        console.say(f"did you mean: {page.suggestion}")
    for hit in page.hits:
        _print_hit(hit, prints.get(hit.id))
    for name, facets in page.facets.items():
        _print_counts(name, facets)
    if page.summary:
        _print_summary(page.summary)


def _hit_json(hit: Hit) -> dict[str, Any]:
    return {
        "id": hit.id,
        "url": hit.url,
        "headline": hit.headline,
        "published": hit.published.isoformat() if hit.published else None,
        "publisher": hit.publisher,
        "language": hit.language,
        "score": hit.score,
        "snippets": list(hit.snippets),
        **({"withdrawn_at": hit.withdrawn_at.isoformat()} if hit.withdrawn_at else {}),
        **({"reprint_of": hit.reprint_of} if hit.reprint_of else {}),
        **({"folded": hit.folded} if hit.folded else {}),
        **({"reasons": [_reason_json(each) for each in hit.reasons]} if hit.reasons else {}),
    }


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {"part": str(reason.part), "value": reason.value, "detail": reason.detail}


def _facets_json(facets: tuple[Facet, ...]) -> list[dict[str, Any]]:
    return [{"value": facet.value, "count": facet.count} for facet in facets]


def _summary_json(summary: Summary) -> dict[str, Any]:
    return {
        "timeline": [{"start": span.start.isoformat(), "count": span.count} for span in summary.timeline],
        "named": [{"id": each.id, "kind": each.kind, "name": each.name, "count": each.count} for each in summary.named],
        "telling": _facets_json(summary.telling),
        "cells": [
            {"tile": cell.tile, "latitude": cell.latitude, "longitude": cell.longitude, "count": cell.count}
            for cell in summary.cells
        ],
    }


def _print_hit(hit: Hit, prints: Prints | None) -> None:
    console.say()
    console.say(hit.headline, style="bold")
    day = f"{hit.published.astimezone(UTC):%Y-%m-%d %H:%M}" if hit.published else "undated"
    console.say(f"{hit.publisher} · {day} · {hit.language} · {hit.url}", style="dim")
    if hit.withdrawn_at:
        console.say(f"withdrawn: the page is gone since {hit.withdrawn_at.astimezone(UTC):%Y-%m-%d %H:%M}", style="red")
    if prints:
        console.say(_tell_prints(hit, prints), style="dim")
    for snippet in hit.snippets:
        console.show(_highlight(snippet))
    if hit.reasons:
        _print_reasons(hit)


def _tell_prints(hit: Hit, prints: Prints) -> str:
    """Say whom a hit was taken from, and who else printed the text that a folded one stands for."""
    told, original = [], prints.original
    if hit.reprint_of:
        told.append(f"reprint of “{original.headline}” · {original.publisher}" if original else "reprint")
    if hit.folded:
        others = dict.fromkeys(each.publisher for each in prints.others)
        names = [*others, *([f"{prints.more} more"] if prints.more else [])]
        told += [f"also printed by {', '.join(names)}"] if names else []
    return "; ".join(told)


def _print_reasons(hit: Hit) -> None:
    sums = {part: sum(reason.value for reason in hit.reasons if reason.part is part) for part in Part}
    added = f"(text {sums[Part.TEXT]:.2f} + prominence {sums[Part.PROMINENCE]:.2f})"
    console.say(f"  score {hit.score:.2f} = {added} × freshness {sums[Part.FRESHNESS]:.2f}", style="cyan")
    for reason in hit.reasons:
        console.say(f"    {reason.part:10} {reason.value:6.2f}  {reason.detail}", style="dim")


def _print_summary(summary: Summary) -> None:
    _print_counts(
        "names beside what was asked for", [Facet(value=each.name, count=each.count) for each in summary.named]
    )
    _print_counts("more frequent here than elsewhere", summary.telling)
    if summary.timeline:
        console.say()
        most = max(span.count for span in summary.timeline)
        left_out = len(summary.timeline) - _MOST_SPANS
        if left_out > 0:
            console.say(f"and {left_out} earlier; --json has all", style="dim")
        form = "%Y-%m-%d" if all(span.start.hour == 0 for span in summary.timeline) else "%Y-%m-%d %H:%M"
        for span in summary.timeline[-_MOST_SPANS:]:
            bar = "█" * max(1, round(_BAR * span.count / most))
            console.say(f"{span.start.strftime(form)} {bar} {span.count}")


def _print_counts(name: str, facets: Sequence[Facet]) -> None:
    if facets:
        console.say()
        console.show(console.make_table("", (name, "documents#"), [(facet.value, facet.count) for facet in facets]))


def _highlight(snippet: str) -> Text:
    """Return the snippet for a terminal: what the store marks is bold, its escapes are undone."""
    text = Text("  … ")
    for index, part in enumerate(snippet.replace("</mark>", "<mark>").split("<mark>")):
        text.append(console.disarm(html.unescape(part)), style="bold yellow" if index % 2 else "")
    return text
