"""newswire history: what an article said before, and what was changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from pipeline.cli import console
from pipeline.cli.articles import find_id, no_article
from pipeline.model import codec
from pipeline.model.fate import Withdrawal
from pipeline.model.grant import Grant
from pipeline.model.version import Edit, EditKind, Version
from pipeline.ports import Form
from pipeline.settings import read_settings
from pipeline.versions.editions import Edition, list_editions
from pipeline.wiring import Wiring

#: How words are shown that were kept, added and removed.
STYLES = {EditKind.KEPT: "dim", EditKind.ADDED: "bold green", EditKind.REMOVED: "red strike"}
#: Signs around them, for those who see no colours.
SIGNS = {EditKind.KEPT: ("", ""), EditKind.ADDED: ("{+", "+}"), EditKind.REMOVED: ("[-", "-]")}


def history(
    url: Annotated[str, typer.Argument(help="The article's address, or its id.")],
    as_json: console.Json = False,
) -> None:
    """Show how an article was changed since it was first indexed."""
    wiring = Wiring(read_settings(grant=Grant.READER))
    key = find_id(wiring, url)
    versions, current = wiring.store.versions(key), wiring.store.document(key)
    if current is None and not versions:
        raise no_article(url)
    absences = wiring.ledger.absences(key)
    if as_json:
        console.print_json(_history_json(versions, current, absences))
        return
    for number, edition in enumerate(list_editions(versions, current)):
        if number:
            console.say()
        _print_edition(edition, with_changes=number > 0)
    gone = [
        f"was gone on {each.withdrawn_at:%Y-%m-%d %H:%M}, there again {each.returned_at:%Y-%m-%d %H:%M}"
        for each in absences
    ]
    if current and "withdrawn_at" in current:
        gone.append(f"is gone since {datetime.fromisoformat(current['withdrawn_at']):%Y-%m-%d %H:%M}")
    if gone:
        console.say()
    for line in gone:
        console.say(f"withdrawn: the page {line}", style="bold red")


def _print_edition(edition: Edition, *, with_changes: bool) -> None:
    form = edition.form
    seen = f"{datetime.fromisoformat(edition.at):%Y-%m-%d %H:%M}"
    console.say(f"version {edition.number} · {seen} · {form['publisher']} · {form['canonical_url']}", style="dim")
    console.say(form["headline"], style="bold")
    if with_changes:
        notes = (*(["CORRECTED"] if edition.is_correction else []), *edition.notes)
        console.say("; ".join(notes) or "nothing in its words", style="yellow")
        console.show(_difference_text(edition.edits))


def _difference_text(edits: Sequence[Edit]) -> Text:
    """Return the newer text with what was removed and added marked."""
    text = Text()
    for edit in edits:
        begin, end = SIGNS[edit.kind]
        text.append(f"{begin}{console.disarm(edit.text)}{end} ", style=STYLES[edit.kind])
    return text


def _history_json(
    versions: tuple[Version, ...], current: Form | None, absences: Sequence[Withdrawal]
) -> dict[str, Any]:
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
        "withdrawals": [codec.to_json(absence) for absence in absences],
    }
