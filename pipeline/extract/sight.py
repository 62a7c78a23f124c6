"""What the judges of a page look at: its evidence, what it shows, and the words that walls use."""

import re
from dataclasses import dataclass
from functools import cache, cached_property

from pipeline.extract.facts import Facts
from pipeline.extract.screen import Line, read_screen, simplify
from pipeline.extract.text import weigh
from pipeline.extract.words import load_words
from pipeline.model.fate import Reason

STUB_BELOW = 1_200  # characters; what paywalls show at most before they close
SHELL_BELOW = 250
SHORT_BELOW = 80  # the shortest news flash with a sentence in it
SOURCE = 200_000  # characters of the page's source that are searched
TITLE_PIECES = re.compile(r"\s[-–—|·•:]\s|[|_]")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a page is no article, with what shows it."""

    reason: Reason
    evidence: str


@dataclass(frozen=True)
class Sight:
    """What the judges look at: the evidence of a page, and the text found on it. What else they ask is read when first asked."""

    facts: Facts
    paragraphs: list[str]

    @cached_property
    def length(self) -> int:
        """How long the text is, in characters, weighed."""
        return sum(map(weigh, self.paragraphs))

    @cached_property
    def title(self) -> str:
        """The title element, as phrases are written."""
        return simplify(self.facts.page.title or "")

    @cached_property
    def lines(self) -> list[Line]:
        """What the page shows."""
        return read_screen(self.facts.page)

    @cached_property
    def inner_lines(self) -> list[Line]:
        """What the page shows beside its frame; of an article with some text the rest need not be read."""
        needs_all = self.length < SHELL_BELOW or not self.is_declared
        return self.lines if needs_all else read_screen(self.facts.page, with_frame=False)

    @cached_property
    def shown(self) -> str:
        """All lines as one."""
        return " ".join(line.text for line in self.lines)

    @cached_property
    def is_declared(self) -> bool:
        """Whether the page declares itself an article, in JSON-LD or by its metas."""
        named = self.facts.page.meta("og:type")
        is_typed = named is not None and named[1].lower() in {"article", "news", "newsarticle"}
        return self.facts.node is not None or is_typed or self.facts.page.meta("article:published_time") is not None


@dataclass(frozen=True)
class Phrases:
    """The phrases of a group in all languages; the longest that fits is found.

    Most texts have none, and a pattern of all takes long to make and ten times as long to try as each in turn.
    """

    written: tuple[str, ...]

    def search(self, text: str) -> str | None:
        """Return the first phrase in the text."""
        return min(self._within(text), key=text.index, default=None)

    def starts(self, text: str) -> bool:
        """Tell whether the text begins with a phrase."""
        return text.startswith(self.written)

    def findall(self, text: str) -> list[str]:
        """Return all phrases in the text, in order."""
        within = self._within(text)
        return re.findall("|".join(map(re.escape, within)), text) if within else []

    def _within(self, text: str) -> list[str]:
        return [phrase for phrase in self.written if phrase in text]


@cache
def phrases(group: str) -> Phrases:
    """Return the phrases of a group in all languages."""
    written = {phrase for language in load_words("walls")[group].values() for phrase in language}
    return Phrases(tuple(sorted(written, key=lambda phrase: (-len(phrase), phrase))))


@cache
def voices() -> re.Pattern[str]:
    """Return the pattern of the words by which a page speaks of itself and to its reader."""
    voices = load_words("walls")["consent_voices"]
    spaced = {word for language, words in voices.items() for word in words if language not in {"ja", "zh", "ko"}}
    dense = {word for language in ("ja", "zh", "ko") for word in voices[language]}
    return re.compile(rf"\b(?:{'|'.join(sorted(spaced))})\b|{'|'.join(sorted(dense))}")
