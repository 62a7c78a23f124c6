"""Which terms of a query their stems find as well: the same in every search store."""

from pipeline.index.folding import fold_words
from pipeline.search.expression import Field, Match, Term


def has_stem(term: Term) -> bool:
    """Tell whether the term is a plain word, which its stem may find too."""
    return term.match is Match.WORD and term.field is Field.ANYWHERE and len(fold_words(term.text)) == 1
