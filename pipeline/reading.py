"""Pages to articles, and articles to annotations, where a page that takes too much costs itself alone."""

from collections.abc import Callable, Sequence

from pipeline.enrich.annotate import Source, sources_of
from pipeline.errors import Reject
from pipeline.extract.article import extract_article
from pipeline.model.article import Article
from pipeline.model.capture import Capture
from pipeline.model.entity import Annotation
from pipeline.model.feed import Entry, Rules
from pipeline.ports import Confinement, KnownNames

Annotate = Callable[[tuple[Source, ...], KnownNames | None], tuple[Annotation, ...]]


class Reader:
    """Reads what strangers wrote, confined; of names, what is known is asked."""

    def __init__(self, confined: Confinement, annotate: Annotate, knowledge: KnownNames | None) -> None:
        """Keep them; ``annotate`` stands in a module, as whatever is called there."""
        self._confined = confined
        self._annotate = annotate
        self._knowledge = knowledge

    def extract(self, capture: Capture, entry: Entry | None, rules: Rules) -> Article:
        """Return the article that the capture holds. Raises Reject as ``extract_article`` does, and for what takes too much."""
        return self._confined.call(extract_article, capture, entry, rules)

    def annotate(self, articles: Sequence[Article], countries: Sequence[str | None] = ()) -> list[Annotation | Reject]:
        """Return what each article's text names, in order, or why that cannot be told."""
        return self.annotate_texts(sources_of(articles, countries))

    def annotate_texts(self, sources: Sequence[Source]) -> list[Annotation | Reject]:
        """Return what each text names, in order, or why that cannot be told: all in one call, singly where that fails."""
        if not sources:
            return []
        try:
            return list(self._confined.call(self._annotate, tuple(sources), self._knowledge))
        except Reject as error:
            if len(sources) == 1:
                return [error]
        return [found for source in sources for found in self.annotate_texts([source])]
