"""A query on the command line, and the options that filter what is found: the same for a search and for a saved one."""

import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from pipeline.errors import UsageError

#: What a query can begin with and an option of ours never does: one - before a word.
_EXCLUDED_WORD = re.compile(r"-[^\W\d_].")

Values = list[str] | None

Person = Annotated[Values, typer.Option(help="Named person; may be repeated.")]
Organization = Annotated[Values, typer.Option(help="Named organization.")]
Place = Annotated[Values, typer.Option(help="Named place.")]
Publisher = Annotated[Values, typer.Option(help="Publisher of the feed.")]
Language = Annotated[Values, typer.Option(help="ISO 639-1 language of the text.")]
Section = Annotated[Values, typer.Option(help="Section of the publication.")]
Entity = Annotated[Values, typer.Option(help="Id of what is named, such as geonames:112931.")]
Since = Annotated[str | None, typer.Option(help="From this day or time on.")]
Until = Annotated[str | None, typer.Option(help="Up to and with this day, or before this time.")]
Near = Annotated[str | None, typer.Option(metavar="LAT,LON,KM", help="Names a place in this circle.")]
Area = Annotated[str | None, typer.Option(metavar="ZOOM/X/Y", help="Names a place in this tile of the map.")]
Story = Annotated[str | None, typer.Option(help="Of this story: an id of newswire stories.")]
Originals = Annotated[bool, typer.Option("--originals", help="Leave reprints out.")]


class QueryCommand(TyperCommand):
    """A command with a query, which says how to write ``-word``: alone it is read as an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - the class of it is private
        """Read the command line. Raises UsageError for a word with a - before it that stands alone."""
        before = ""
        for argument in args:
            if argument == "--":
                break
            if _EXCLUDED_WORD.match(argument) and not before.startswith("--"):  # else the value of an option
                raise UsageError(
                    f"{argument} stands where an option would; to leave out what says so, write the query in one pair of "
                    f"quotes, such as 'harvest {argument}', or -- before it: {ctx.command_path} -- {argument}"
                )
            before = argument
        return super().parse_args(ctx, args)
