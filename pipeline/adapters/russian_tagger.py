"""Names of Russian texts: slovnet, with the weights and vectors that the package natasha carries."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.model.entity import Kind

PACKAGE = "natasha"
_KINDS: Mapping[str, Kind] = {"PER": Kind.PERSON, "ORG": Kind.ORGANIZATION, "LOC": Kind.PLACE}


def find_names(texts: Sequence[str]) -> Iterator[list[tuple[int, int, Kind]]]:
    """Yield the names of each text, none of which is blank: start, end, kind; none overlap."""
    for markup in _load_model().map(texts):
        yield [(span.start, span.stop, kind) for span in markup.spans if (kind := _KINDS.get(span.type))]


@cache
def _load_model() -> Any:  # noqa: ANN401 - the library has no types
    """Return the model, loaded once. The package is not imported: that would load its dictionaries of inflections, too."""
    from navec import Navec  # noqa: PLC0415 - an extra, which may not be installed
    from slovnet import NER  # noqa: PLC0415

    package = find_spec(PACKAGE)
    assert package
    assert package.origin
    data = Path(package.origin).parent / "data"
    model = NER.load(data / "model" / "slovnet_ner_news_v1.tar")
    model.navec(Navec.load(data / "emb" / "navec_news_v1_1B_250K_300d_100q.tar"))
    return model
