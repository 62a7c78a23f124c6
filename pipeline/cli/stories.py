"""newswire stories: what the news is about, by size and recency, and one story with its timeline."""

from datetime import UTC
from typing import Annotated

import typer

from pipeline.cli import console
from pipeline.errors import UsageError
from pipeline.model import codec
from pipeline.model.story import Member, Story, StorySort
from pipeline.search.times import read_since
from pipeline.settings import read_settings
from pipeline.stories.lookup import no_story
from pipeline.wiring import Wiring

stories = typer.Typer(help="Stories: the articles about one event, across outlets and languages.")


@stories.callback(invoke_without_command=True)
def list_stories(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(help="With an article from this day or time on.")] = None,
    sort: Annotated[str, typer.Option(help=" or ".join(StorySort))] = StorySort.SIZE,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Stories to show.")] = 20,
    least: Annotated[int, typer.Option(min=1, max=1_000_000, help="Only stories of at least so many articles.")] = 2,
    as_json: console.Json = False,
) -> None:
    """List stories, those with most articles first."""
    if context.invoked_subcommand:
        return
    if sort not in set(StorySort):
        raise UsageError(f"--sort is {sort!r}; it must be one of: {', '.join(StorySort)}")
    found = Wiring(read_settings()).ledger.stories(
        since=read_since(since) if since is not None else None, sort=StorySort(sort), limit=limit, least_articles=least
    )
    if as_json:
        console.print_json([codec.to_json(story) for story in found])
        return
    rows = [
        (story.id, story.articles, len(story.publishers), _span(story), " ".join(story.languages), story.label)
        for story in found
    ]
    columns = ("id", "articles#", "outlets#", "time (UTC)", "languages", "story")
    console.show(console.make_table(f"{len(found)} stories" if len(found) != 1 else "1 story", columns, rows))


@stories.command()
def show(
    story_id: Annotated[str, typer.Argument(metavar="ID")],
    as_json: console.Json = False,
) -> None:
    """Show one story with its timeline."""
    ledger = Wiring(read_settings()).ledger
    story = ledger.story(story_id)
    if story is None:
        raise no_story(story_id)
    members = ledger.timeline(story.id)
    if as_json:
        console.print_json({**codec.to_json(story), "timeline": [codec.to_json(member) for member in members]})
        return
    _print_story(story, members)


def _print_story(story: Story, members: tuple[Member, ...]) -> None:
    console.say(story.label, style="bold")
    count = f"{story.articles} articles" if story.articles != 1 else "1 article"
    console.say(f"{story.id} · {count} · {_span(story)} (UTC) · {' '.join(story.languages)}", style="dim")
    console.say("outlets: " + ", ".join(story.publishers))
    if story.entities:
        console.say("named: " + ", ".join(story.entities))
    if story.continues:
        console.say(f"goes on from {story.continues}")
    for member in members:
        console.say()
        console.say(f"{member.at.astimezone(UTC):%Y-%m-%d %H:%M}  {member.headline}")
        console.say(f"                  {member.publisher} · {member.language} · {member.url}", style="dim")
    if len(members) < story.articles:
        console.say(f"and {story.articles - len(members)} more: newswire search --story {story.id}")


def _span(story: Story) -> str:
    first, last = (f"{at.astimezone(UTC):%Y-%m-%d}" for at in (story.first_at, story.last_at))
    return first if first == last else f"{first} to {last}"
