"""Which spellings may be the last name of people that documents name in full: the same in every search store."""

from pipeline.index.folding import fold, fold_words
from pipeline.search.expression import Field, Term


def may_be_last_name(spelling: Term) -> bool:
    """Tell whether what is looked up is a word alone, wherever it stands."""
    return spelling.field is Field.ANYWHERE and len(fold_words(spelling.text)) == 1


def ends_name(word: str, name: str) -> bool:
    """Tell whether the name has the word as its last, behind others."""
    return fold(name).endswith(f" {fold(word)}")
