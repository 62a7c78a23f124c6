"""What people ask of a search page, made of the words and names of benchmarks/made_press.py: an endless mix of one seed."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from made_press import NAMES, PUBLISHERS, WORDS, Press, name, vocabulary

from pipeline.adapters.elasticsearch_query import Json
from pipeline.model.document import Document
from pipeline.model.query import Query
from pipeline.search.expression import wanted_terms
from pipeline.search.grammar import parse_text
from pipeline.web.address import Address, address_query

#: Kinds of questions: how many of each are asked, the query, and filters beside it. Names in braces are made up anew each time.
MIX = (
    ("front page", 1, "", ()),
    ("word", 4, "{word}", ()),
    ("common word", 1, "{common}", ()),
    ("rare word", 2, "{rare}", ()),
    ("words", 4, "{word} {word}", ()),
    ("phrase", 2, '"{phrase}"', ()),
    ("either", 1, "{word} OR {rare} OR {word}", ()),
    ("without", 1, "{word} -{word}", ()),
    ("brackets", 1, "({rare} OR {word}) {word}", ()),
    ("prefix", 1, "{rare}*", ()),
    ("headline", 1, "headline:{word}", ()),
    ("name", 4, "{person}", ()),
    ("name and word", 2, '"{person}" {word}', ()),
    ("person", 2, 'person:"{person}"', ()),
    ("two names", 1, 'person:"{person}" place:"{place}"', ()),
    ("speaker", 1, 'speaker:"{person}"', ()),
    ("who", 2, "", (("person", "{person}"),)),
    ("where", 1, "{word}", (("place", "{place}"),)),
    ("outlet", 2, "{word}", (("publisher", "{publisher}"),)),
    ("language", 1, "{word}", (("language", "en"),)),
    ("last week", 2, "{word}", (("since", "{week}"),)),
    ("newest", 2, "{word}", (("sort", "newest"),)),
    ("each text once", 1, "{word}", (("reprints", "folded"),)),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a kind, as the page's address carries it."""

    kind: str
    address: Address

    @property
    def query(self) -> Query:
        """What the page asks its store: 20 hits and all facets."""
        return address_query(self.address)


def plain_body(question: Question) -> Json:
    """Return what the client's documentation would have one send: words in two fields, 20 hits with marks, six facets.

    No stems, spellings, ranking by date or prominence, filters, timeline, map or telling names: what this machine needs for any.
    """
    words = " ".join(term.text for term in wanted_terms(parse_text(question.query.text)))
    counted = ("people", "organizations", "places", "publisher", "language", "section")
    return {
        "query": {"multi_match": {"query": words, "fields": ["headline", "text"]}} if words else {"match_all": {}},
        "size": question.query.limit,
        "_source": ["headline", "publisher"],
        "track_total_hits": True,
        "aggs": {field: {"terms": {"field": field}} for field in counted},
        "highlight": {"fields": {"text": {}}},
    }


class Readers:
    """Asks what finds something in the articles of a press, common and rare alike."""

    def __init__(self, press: Press, sample: Sequence[Document], seed: int = 7) -> None:
        """Take phrases from a sample of what is indexed."""
        self._chance = random.Random(seed)
        self._press = press
        self._sample = sample
        self._makers: dict[str, Callable[[], str]] = {
            "word": lambda: self._word(press.middling(WORDS)),
            "common": lambda: self._word(self._chance.randint(60, 300)),
            "rare": lambda: self._word(self._chance.randint(3000, WORDS - 1)),
            "phrase": self._phrase,
            "person": lambda: name(3 * (press.middling(NAMES) // 3)),
            "place": lambda: name(3 * (press.middling(NAMES) // 3) + 2),
            "publisher": lambda: name(press.middling(PUBLISHERS)) + " News",
            "week": lambda: f"{press.now - timedelta(days=7):%Y-%m-%d}",
        }

    def questions(self) -> Iterator[Question]:
        """Yield without end."""
        weights = [weight for _, weight, *_ in MIX]
        while True:
            [(kind, _, text, filters)] = self._chance.choices(MIX, weights)
            pairs = [("q", text), *filters] if text else filters
            yield Question(kind, Address(tuple((key, self._fill(value)) for key, value in pairs)))

    def _fill(self, form: str) -> str:
        for slot, make in self._makers.items():
            while f"{{{slot}}}" in form:
                form = form.replace(f"{{{slot}}}", make(), 1)
        return form

    def _word(self, rank: int) -> str:
        return vocabulary(self._chance.choice(("en", "en", "en", "de", "ru")))[rank]

    def _phrase(self) -> str:
        """Return words that stand beside each other somewhere."""
        words = self._chance.choice(self._sample).article.text.split(".")[0].split()
        start = self._chance.randrange(len(words) - 2)
        return " ".join(words[start : start + self._chance.choice((2, 3))])
