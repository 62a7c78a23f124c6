"""newswire history: what an article said before, and what was changed."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

import typer
from rich.text import Text

from pipeline.cli import console
from pipeline.errors import UsageError
from pipeline.model import codec
from pipeline.model.version import EditKind, Version
from pipeline.ports import Form
from pipeline.settings import read_settings
from pipeline.urls import article_id, normalise_url
from pipeline.versions.difference import compare_texts
from pipeline.wiring import Wiring

#: How words are shown that were kept, added and removed.
STYLES = {EditKind.KEPT: "dim", EditKind.ADDED: "bold green", EditKind.REMOVED: "red strike"}
#: Signs around them, for those who see no colours.
SIGNS = {EditKind.KEPT: ("", ""), EditKind.ADDED: ("{+", "+}"), EditKind.REMOVED: ("[-", "-]")}
#: Words of a longer kept passage that are shown at each of its ends.
CONTEXT = 12


def history(
    url: Annotated[str, typer.Argument(help="The article's address, or its id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Show how an article was changed since it was first indexed."""
    wiring = Wiring(read_settings())
    key = _find_id(wiring, url)
    versions, current = wiring.store.versions(key), wiring.store.document(key)
    if current is None and not versions:
        raise UsageError(f"no article is indexed under {url}; newswire search finds addresses")
    if as_json:
        console.print_json(_history_json(versions, current))
        return
    forms = [version.form for version in versions] + ([current] if current else [])
    _print_version(forms[0], f"version {versions[0].number if versions else 1}")
    for version, (before, after) in zip(versions, pairwise(forms), strict=False):
        console.say()
        _print_version(after, f"version {version.number + 1}", version)
        console.show(_difference_text(before["text"], after["text"]))
    if current and "withdrawn_at" in current:
        console.say()
        console.say(f"withdrawn: the page is gone since {current['withdrawn_at']}", style="bold red")


def _find_id(wiring: Wiring, given: str) -> str:
    """Return the article's id: of the URL as the ledger knows it, as it would be canonical, or as given."""
    if not given.startswith(("http://", "https://")):
        return given
    url = normalise_url(given)
    holding = wiring.ledger.holdings([url]).get(url)
    return holding.article.article_id if holding else article_id(url)


def _print_version(form: Form, name: str, version: Version | None = None) -> None:
    at = version.replaced_at.isoformat() if version else form["captured_at"]
    console.say(f"{name} · {at} · {form['publisher']} · {form['canonical_url']}", style="dim")
    console.say(form["headline"], style="bold")
    if version:
        console.say("; ".join(_notes(version)) or "nothing in its words", style="yellow")


def _notes(version: Version) -> Iterator[str]:
    difference = version.difference
    if difference.is_correction:
        yield "CORRECTED"
    if difference.size:
        yield f"{difference.size} words changed"
    if difference.headline_changed:
        yield f"the headline was “{version.form['headline']}”"
    if difference.date_moved:
        yield f"the date was {version.form.get('published', 'not given')}"
    if difference.entities_dropped:
        yield f"no longer named: {', '.join(difference.entities_dropped)}"
    if difference.quotes_dropped:
        yield f"no longer quoted: {' … '.join(difference.quotes_dropped)}"


def _difference_text(before: str, after: str) -> Text:
    """Return the newer text with what was removed and added marked; long kept passages are cut."""
    text = Text()
    for edit in compare_texts(before, after):
        begin, end = SIGNS[edit.kind]
        words = _cut(edit.text) if edit.kind is EditKind.KEPT else edit.text
        text.append(f"{begin}{words}{end} ", style=STYLES[edit.kind])
    return text


def _cut(kept: str) -> str:
    words = kept.split()
    if len(words) <= 2 * CONTEXT:
        return kept
    return f"{' '.join(words[:CONTEXT])} … {' '.join(words[-CONTEXT:])}"


def _history_json(versions: tuple[Version, ...], current: Form | None) -> dict[str, Any]:
    return {
        "versions": [
            {
                "version": version.number,
                "replaced_at": version.replaced_at.isoformat(),
                "headline": version.form["headline"],
                "text": version.form["text"],
                "captured_at": version.form["captured_at"],
                "difference": codec.to_json(version.difference),
            }
            for version in versions
        ],
        "current": dict(current) if current else None,
    }
