"""newswire extract --explain: what a page's fields and blocks came from, for people."""

from pipeline.cli import console
from pipeline.extract.explain import BlockReport, Explanation, FieldReport

_WIDTH = 100  # characters of a text that are shown
_STYLES = {"text": "green", "deck": "cyan", "dropped": "red", "outside": "dim"}


def print_explanation(explanation: Explanation) -> None:
    """Print the explanation; blocks far from the article are only counted."""
    source = f", text from {explanation.text_source}" if explanation.text_source else ""
    console.say(f"verdict: {explanation.verdict}{source}", style="bold")
    for name, selectors in (("remove", explanation.rules.remove), ("keep", explanation.rules.keep)):
        if selectors:
            console.say(f"the source's own rules {name}: {', '.join(selectors)}")
    for field in explanation.fields:
        _print_field(field)
    if not explanation.blocks:
        console.say("\nno blocks: the page shows no text, or the source's own rules choose it")
        return
    console.say(f"\nblocks: container {explanation.container}; kept above {explanation.cut:.2f}", style="bold")
    shown = [block for block in explanation.blocks if block.became != "outside"]
    for block in shown:
        _print_block(block)
    left_out = len(explanation.blocks) - len(shown)
    if left_out:
        console.say(f"and {left_out} blocks outside of the article's surroundings", style="dim")


def _print_field(field: FieldReport) -> None:
    console.say(f"\n{field.name}: {_cut(field.value) if field.value else 'none'}", style="bold")
    console.say(f"  {field.rule}", style="dim")
    width = max((len(candidate.source) for candidate in field.candidates), default=0)
    for candidate in field.candidates:
        mark = "✓" if candidate.won else " "
        console.say(
            f"  {mark} {candidate.source:{width}}  {_cut(candidate.value)}", style="green" if candidate.won else None
        )


def _print_block(block: BlockReport) -> None:
    console.say(f"{block.became:8} {block.score:.2f}  {_cut(block.text)}", style=_STYLES[block.became])
    reasons = ", ".join(f"{part:+.1f} {name}" for name, part in block.reasons)
    console.say(f"               {block.place}" + (f"\n               {reasons}" if reasons else ""), style="dim")


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"
