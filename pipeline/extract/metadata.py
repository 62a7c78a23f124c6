"""What a page says about its article, each field from the best evidence there is."""

import html
import re
from collections import Counter
from urllib.parse import urlsplit

from pipeline.extract.facts import Facts, absolute_url
from pipeline.extract.text import clean_line, fold
from pipeline.model.article import Image
from pipeline.model.evidence import Evidence

_SEPARATOR = r"\s*(?:\s[-–—|·•:/»«>~]+\s|\s?\|\s?|::|\s[-–—]\s?|:\s)\s*"
_DECK_METAS = ("og:description", "description", "twitter:description", "dc.description")
_IMAGE_METAS = ("og:image", "og:image:url", "twitter:image", "twitter:image:src")
_LANGUAGE = re.compile(r"^[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*$", re.IGNORECASE)
_MAX_TOPICS = 50
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


def find_headline(facts: Facts, fed: str | None) -> Evidence | None:
    """Return the headline that most of the page's evidence agrees on, the site's name cut off; the feed's as a last resort."""
    written = [("json-ld", facts.graph.text(facts.node, "headline", "name")), *facts.titles]
    found = [Evidence(value=cut_site_name(text, facts), source=source) for source, text in written if text]
    found = [evidence for evidence in found if evidence.value]
    if not found:
        return Evidence(value=clean_line(fed), source="feed") if fed and clean_line(fed) else None
    votes = Counter(fold(evidence.value) for evidence in found)
    agreed = max(votes.values())
    best = next(evidence for evidence in found if votes[fold(evidence.value)] == agreed)
    return next((evidence for evidence in found if _completes(evidence.value, best.value)), best)


def cut_site_name(title: str, facts: Facts) -> str:
    """Return the title without the site's name before or after it, where the page itself tells that name."""
    names = {fold(name) for name in facts.site_names}
    names.add(fold(urlsplit(facts.page.url).netloc.removeprefix("www.")))
    heading = fold(facts.heading or "")
    pieces = re.split(f"({_SEPARATOR})", title)
    while len(pieces) > 1:
        rest = fold("".join(pieces[:-2]))
        if fold(pieces[-1]) in names or (heading and rest == heading):
            pieces = pieces[:-2]
        elif fold(pieces[0]) in names:
            pieces = pieces[2:]
        else:
            break
    return clean_line("".join(pieces))


def find_deck(facts: Facts, headline: str) -> str | None:
    """Return the standfirst, or None where the page has none but the headline again."""
    texts = [*facts.graph.texts((facts.node or {}).get("description"))]
    texts += [clean_line(html.unescape(text)) for name in _DECK_METAS for text in facts.page.metas.get(name, ())]
    return next((text for text in texts if fold(text) not in {"", fold(headline)}), None)


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
    """Return the article's keywords in the order given, each once."""
    texts = facts.graph.texts((facts.node or {}).get("keywords"))
    texts += [*facts.page.metas.get("article:tag", ()), *facts.page.metas.get("parsely-tags", ())]
    texts = texts or [*facts.page.metas.get("news_keywords", ()), *facts.page.metas.get("keywords", ())]
    topics: dict[str, str] = {}
    for topic in (clean_line(part) for text in texts for part in re.split(r"[,;،、]", text)):
        if topic:
            topics.setdefault(fold(topic), topic)
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
        bare != cut
        and len(longer) > len(bare)
        and fold(longer).startswith(fold(bare))
        and not longer.endswith(("…", "..."))
    )
