"""What a page says about its article, each field from the best evidence there is."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from pipeline.extract.facts import Facts, absolute_url, site_label
from pipeline.extract.groups import bits_of
from pipeline.extract.text import clean_line, fold
from pipeline.model.article import Image
from pipeline.model.evidence import Evidence

_SEPARATOR = re.compile(r"(\s?(?:\s[-–—|·•:/»«<>~*]+\s|\s?[|｜丨_]\s?|::|\s[-–—－]\s?|[-–—－]{2,}|－|[:：]\s?)\s?)")
_SEPARATING = frozenset("-–—|·•:/»«<>~*｜丨_－：")
_LONGEST_TITLE = 1_000
_PATH_SEPARATORS = frozenset({"<", "_", "»", "::", "|", "｜"})  # between a headline, its section and the site
_TRUNCATED = range(95, 120)  # characters; headlines in linked data are cut off after 110
_DECK_METAS = ("og:description", "description", "twitter:description", "dc.description")
_IMAGE_METAS = ("og:image", "og:image:url", "twitter:image", "twitter:image:src")
_LANGUAGE = re.compile(r"^[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*$", re.IGNORECASE)
_TOPIC_METAS = (
    "article:tag",
    "news_keywords",
    "parsely-tags",
    "cxenseparse:keywords",
    "sailthru.tags",
    "og:article:tag",
    "dc.subject",
    "tags",
)
_COMMA = re.compile(r"[,;،、，；|]")
_TAG_BOX = re.compile("tag|topic|keyword|schlagw|themen|etiquet|temas|mots-cl|etiket|stitky", re.IGNORECASE)
_LABEL = re.compile(r"^[\w-]+:\S+$")  # "type:video" is for machines
_MAX_TOPICS, _MAX_TOPIC = 50, 80
_MANY_TAGS = 15
_WORD = re.compile("[\u3040-\u9fff]|[^\\W_]+")  # a word, or a character where nothing separates words
_FEW_WORDS = 3
_SHORTEST_LABEL = 3
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


def find_headline(facts: Facts, fed: str | None) -> Evidence | None:
    """Return the headline that most of the page's evidence agrees on, the site's name cut off; the feed's as a last resort."""
    found = headline_candidates(facts)
    if not found:
        return Evidence(value=clean_line(fed), source="feed") if fed and clean_line(fed) else None
    votes = Counter(fold(evidence.value) for evidence in found)
    agreed = max(votes.values())
    best = next(evidence for evidence in found if votes[fold(evidence.value)] == agreed)
    if (
        agreed == 1 and best.source == "page:h1"
    ):  # the name of a column or of the site, where another title is the page's
        best = next((other for other in found if _contradicts(other, best, found, facts)), best)
    best = next((evidence for evidence in found if _completes(evidence.value, best.value)), best)
    return next((evidence for evidence in found if _is_shown_for(evidence, best)), best)


def _is_shown_for(shown: Evidence, agreed: Evidence) -> bool:
    """Tell whether the page shows this headline and tells others the agreed one: they share half of their words.

    An h1 that ends as the other one is it with a kicker before it, which is no part of the headline.
    """
    if shown.source != "page:h1" or fold(shown.value) == fold(agreed.value):
        return False
    ours, theirs = ({*_WORD.findall(text.value.casefold())} for text in (shown, agreed))
    if fold(shown.value).endswith(fold(agreed.value)) or min(len(ours), len(theirs)) < _FEW_WORDS:
        return False
    return len(ours & theirs) >= min(len(ours), len(theirs)) / 2


def _contradicts(other: Evidence, heading: Evidence, found: list[Evidence], facts: Facts) -> bool:
    """Tell whether the page's address or a third title says the same as the other one, which shares no word with the heading."""
    words = {*_WORD.findall(other.value.casefold())}
    if len(words) < _FEW_WORDS or not words.isdisjoint(_WORD.findall(heading.value.casefold())):
        return False
    named = {*_WORD.findall(urlsplit(facts.page.url).path.casefold())}
    thirds = (fold(third.value) for third in found if third is not other)
    return len(words & named) > len(words) / 2 or any(fold(other.value) in third for third in thirds)


def headline_candidates(facts: Facts) -> list[Evidence]:
    """Return what the page calls the article, the site's name cut off, with the sources, best first."""
    written = [("json-ld", facts.graph.text(facts.node, "headline", "name")), *facts.titles]
    cut = {text: cut_site_name(text, facts) for text in {text for _, text in written if text}}
    found = [Evidence(value=cut[text], source=source) for source, text in written if text]
    sites = {fold(name) for name in facts.site_names}
    return [evidence for evidence in found if evidence.value and fold(evidence.value) not in sites] or found[:1]


def cut_site_name(title: str, facts: Facts) -> str:
    """Return the title without the site's name before or after it, where the page or its address tells that name."""
    if _SEPARATING.isdisjoint(title):
        return clean_line(title[:_LONGEST_TITLE])
    heading = fold(facts.heading or "")
    pieces = _SEPARATOR.split(clean_line(title[:_LONGEST_TITLE]))  # its blanks stand alone
    cut = ""
    while len(pieces) > 1:
        rest = "".join(pieces[:-2])
        is_section = pieces[-2].strip() == cut in _PATH_SEPARATORS and len(rest) > len(pieces[-1])
        if (heading and fold(rest) == heading) or is_section or _is_site(pieces[-1], pieces[-2], facts):
            cut = pieces[-2].strip()
            pieces = pieces[:-2]
        elif _is_site(pieces[0], pieces[1], facts):
            pieces = pieces[2:]
        else:
            break
    return clean_line("".join(pieces))


def _is_site(piece: str, separator: str, facts: Facts) -> bool:
    """Tell whether a piece of a title is the site's name, or its address says so: "Der Courier" of courier.example."""
    said = fold(piece)
    if said in {fold(name) for name in facts.site_names}:
        return True
    domain = fold(urlsplit(facts.page.url).netloc.removeprefix("www."))
    if said == domain:
        return True
    label = site_label(facts.page.url)
    if ":" in separator or "：" in separator or len(label) < _SHORTEST_LABEL:  # a colon belongs to many headlines
        return said == label
    said = said.translate(_SPELLED_OUT)
    return len(said) <= 2.5 * len(label) and (label in said or (len(said) > _SHORTEST_LABEL and said in label))


def find_deck(facts: Facts, headline: str) -> str | None:
    """Return the standfirst, or None where the page has none but the headline again."""
    return next((deck.value for deck in deck_candidates(facts) if fold(deck.value) not in {"", fold(headline)}), None)


def deck_candidates(facts: Facts) -> Iterator[Evidence]:
    """Yield how the page describes the article, with the sources, best first."""
    declared = (("json-ld:description", text) for text in facts.graph.texts((facts.node or {}).get("description")))
    metas = ((f"meta:{name}", text) for name in _DECK_METAS for text in facts.page.metas.get(name, ()))
    return (Evidence(value=clean_line(html.unescape(text)), source=source) for source, text in chain(declared, metas))


def declared_language(facts: Facts, fed: str | None) -> str | None:
    """Return the language that the article declares (BCP 47, as written), or None."""
    locale = facts.page.meta("og:locale", "content-language", "dc.language", "language", "inlanguage")
    candidates = (
        facts.graph.text(facts.node, "inLanguage"),
        facts.page.language,
        locale[1] if locale else None,
        fed,
    )
    return next((text for text in candidates if text and _LANGUAGE.match(text)), None)


def find_publisher(facts: Facts) -> str | None:
    """Return what the page calls its publisher, or None."""
    own = facts.graph.text({"publisher": (facts.node or {}).get("publisher")}, "publisher")
    named = facts.page.meta("og:site_name", "dc.publisher", "publisher", "application-name")
    return own or (named[1] if named else None)


def find_section(facts: Facts) -> str | None:
    """Return the section that the article stands in, or None."""
    named = facts.page.meta("article:section", "og:article:section", "parsely-section", "section", "articlesection")
    return facts.graph.text(facts.node, "articleSection") or (named[1] if named else None)


def find_topics(facts: Facts) -> tuple[str, ...]:
    """Return the article's keywords in the order given, each once, from the best source that has any."""
    return next((topics for _, topics in topic_candidates(facts)), ())


def topic_candidates(facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the keywords that each source gives, best first; links are looked for only where nothing else tells any."""
    found = ((source, _read_topics(written)) for source, written in _topic_texts(facts) if written)
    return ((source, topics) for source, topics in found if topics)


def _topic_texts(facts: Facts) -> Iterator[tuple[str, list[str]]]:
    node, metas = facts.node or {}, facts.page.metas
    yield "json-ld:keywords", facts.graph.texts(node.get("keywords"))
    yield from ((f"meta:{name}", [*metas[name]]) for name in _TOPIC_METAS if name in metas)
    yield "page:rel=tag", _tag_links(facts)
    yield "meta:keywords", [*metas.get("keywords", ())]
    yield "json-ld:about", facts.graph.texts(node.get("about"))
    yield "page:links", _boxed_links(facts)


def _boxed_links(facts: Facts) -> list[str]:
    """Return the links of the first box below the headline that is named after tags, where it holds links alone."""
    if facts.headline is None:
        return []
    named = bits_of("topic")
    for box in facts.layout.elements:
        if box.mask & named and box.start >= facts.headline.end and _TAG_BOX.search(box.signature):
            blocks = facts.layout.blocks[box.start : box.end]
            texts = [part for block in blocks if block.links for part in _COMMA.split(block.text.rpartition(":")[2])]
            if 1 < sum(block.links for block in blocks) == len(texts) <= _MANY_TAGS:
                return texts
    return []


def _tag_links(facts: Facts) -> list[str]:
    """Return the texts of the links to the article's tags; a menu of them is none."""
    links = [m for m in facts.page.marks if m.has("rel", "tag") and not m.has("rel", "category")]
    return [clean_line(mark.node.text()) for mark in links] if len(links) <= _MANY_TAGS else []


def _read_topics(texts: list[str]) -> tuple[str, ...]:
    """Return the topics; of several texts each is one, though it may have a comma in it: "Doe, Jane"."""
    written = [*dict.fromkeys(html.unescape(text) for text in texts)]
    split = [_COMMA.split(text) for text in written]
    parts = [
        part
        for text, pieces in zip(written, split, strict=True)
        for part in (pieces if len(written) == 1 or len(pieces) > 2 else [text])  # noqa: PLR2004 - no name has two commas
    ]
    topics: dict[str, str] = {}
    for topic in map(clean_line, parts):
        said = topic.lstrip("#").strip()
        if _WORD.search(said) and len(said) <= _MAX_TOPIC and not _LABEL.match(said):
            topics.setdefault(fold(said), said)
    return tuple(topics.values())[:_MAX_TOPICS]


def find_image(facts: Facts) -> Image | None:
    """Return the lead image, or None."""
    images = [*facts.graph.resolve((facts.node or {}).get("image"))]
    for image in images:
        url = image if isinstance(image, str) else facts.graph.text(image, "url", "contentUrl", "@id")
        absolute = absolute_url(facts.page.url, url or "")
        if absolute:
            caption = None if isinstance(image, str) else facts.graph.text(image, "caption", "description")
            return Image(url=absolute, caption=caption)
    named = facts.page.meta(*_IMAGE_METAS)
    absolute = absolute_url(facts.page.url, named[1]) if named else None
    alt = facts.page.meta("og:image:alt", "twitter:image:alt")
    return Image(url=absolute, caption=alt[1] if alt else None) if absolute else None


def is_free(facts: Facts) -> bool | None:
    """Return whether anybody can read it, as the page declares it; None where it does not say."""
    value = (facts.node or {}).get("isAccessibleForFree")
    text = str(value).lower().rpartition("/")[2]
    if text in _TRUE | _FALSE:
        return text in _TRUE
    tier = facts.page.meta("article:content_tier", "og:article:content_tier")
    return {"free": True, "locked": False}.get(tier[1].lower()) if tier else None


def _completes(longer: str, cut: str) -> bool:
    """Tell whether ``cut`` is the beginning of ``longer`` with an ellipsis."""
    bare = cut.removesuffix("…").removesuffix("...").rstrip()
    return (
        (bare != cut or len(cut) in _TRUNCATED)
        and len(longer) > len(bare)
        and fold(longer).startswith(fold(bare))
        and not longer.endswith(("…", "..."))
    )
