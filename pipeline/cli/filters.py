"""The options that filter what is found: the same for a search and for a saved one."""

from typing import Annotated

import typer

Values = list[str] | None

Person = Annotated[Values, typer.Option(help="Named person; may be repeated.")]
Organization = Annotated[Values, typer.Option(help="Named organization.")]
Place = Annotated[Values, typer.Option(help="Named place.")]
Publisher = Annotated[Values, typer.Option(help="Publisher of the feed.")]
Language = Annotated[Values, typer.Option(help="ISO 639-1 language of the text.")]
Section = Annotated[Values, typer.Option(help="Section of the publication.")]
Entity = Annotated[Values, typer.Option(help="Id of what is named, such as geonames:112931.")]
Near = Annotated[str | None, typer.Option(metavar="LAT,LON,KM", help="Names a place in this circle.")]
Story = Annotated[str | None, typer.Option(help="Of this story: an id of newswire stories.")]
Originals = Annotated[bool, typer.Option("--originals", help="Leave reprints out.")]
