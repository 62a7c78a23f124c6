"""Which article a page is: the one that its canonical URL names, unless another URL holds that one and it says something else.

Some sites name a section, or the script that all their pages come from, as the canonical URL of every page. No address tells
such a claim from a true one, as AMP pages, print views and second pages make it; so what the pages say decides: see
docs/decisions/0023-a-canonical-url-is-held-to-what-the-pages-say.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.index.document import give_id
from pipeline.index.folding import fold
from pipeline.model.fate import ArticleState, Claim
from pipeline.model.handover import Extracted
from pipeline.ports import Ledger, SearchStore
from pipeline.reprints.originals import share_text
from pipeline.urls import article_id, canonical_url

#: Headline and text.
Said = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A batch's documents under the ids of their articles, and what the ledger knows of these, by id."""

    lines: list[Extracted]
    #: The URL that holds the article; every other URL of it is a duplicate.
    holders: Mapping[str, str]
    known: Mapping[str, ArticleState]
    #: Claims on pages that name an article of which nothing is indexed yet, so that nobody can tell: to be asked again.
    undecided: list[Claim]


def identify_articles(
    extracted: Sequence[Extracted], *, ledger: Ledger, store: SearchStore, now: datetime, lease: timedelta
) -> Identified:
    """Find the article of each document: the one that its URL holds, else the one that its canonical URL names.

    Where that is not believed, the address that answered stands for the article. An article that is not indexed is held for
    the length of the lease.
    """
    extracted = [_keep_article(line) for line in extracted]
    holders = dict(ledger.own_articles(_owners(extracted), now, lease=lease))
    known = dict(ledger.articles([*{*holders, *map(_named, extracted)}]))
    holders = {key: state.url for key, state in known.items()} | holders
    rivals = [line for line in extracted if holders.get(_named(line), _url(line)) != _url(line)]
    verdicts = _judge(rivals, extracted, holders, known, store) if rivals else {}
    lines = [_under_its_id(line, verdicts) for line in extracted if verdicts.get(_url(line), True) is not None]
    apart = _owners([line for line in lines if line.document.id not in holders])
    if apart:
        holders |= ledger.own_articles(apart, now, lease=lease)
        known |= ledger.articles(list(apart))
    undecided = [line.claim for line in rivals if verdicts[_url(line)] is None]
    return Identified(lines=lines, holders=holders, known=known, undecided=undecided)


def tell_the_same(one: Said, other: Said) -> bool:
    """Tell whether two pages tell one article: under the same headline, or with much of the text of either in the other."""
    (headline, text), (other_headline, other_text) = one, other
    if fold(headline) == fold(other_headline):
        return True
    short, long = sorted((fold(text), fold(other_text)), key=len)
    return short in long or share_text(text, other_text)


def _keep_article(line: Extracted) -> Extracted:
    """Return the line with the id of the article that its URL holds, whatever the page is called today."""
    key = line.claim.article_id
    return replace(line, document=give_id(line.document, key)) if key else line


def _judge(
    rivals: Sequence[Extracted],
    extracted: Sequence[Extracted],
    holders: Mapping[str, str],
    known: Mapping[str, ArticleState],
    store: SearchStore,
) -> dict[str, bool | None]:
    """Tell by URL whether each page is the article that it names and another URL holds; None: nobody can tell yet."""
    beside = {_url(line): line for line in extracted}
    # The article of another batch that is under way, and may yet be lost with it, is nobody's yet.
    verdicts = {
        _url(line): True if _named(line) in known or holders[_named(line)] in beside else None for line in rivals
    }
    unlike = [line for line in rivals if not _is_plainly_the_same(line, known)]
    stored = store.match((), [*{_named(line) for line in unlike}]).forms if unlike else {}
    for line in unlike:
        key, said = _named(line), list[Said]()
        if form := stored.get(key):
            said.append((form["headline"], form["text"]))
        if holder := beside.get(holders[key]):
            said.append(_said(holder))
        if said or key in known:
            verdicts[_url(line)] = any(tell_the_same(_said(line), each) for each in said)
    return verdicts


def _is_plainly_the_same(line: Extracted, known: Mapping[str, ArticleState]) -> bool:
    """Tell whether the very address answered, or the very content is known."""
    state = known.get(_named(line))
    is_answered = line.document.article.canonical_url == canonical_url(line.document.article.url)
    return is_answered or (state is not None and state.content_hash == line.document.content_hash)


def _under_its_id(line: Extracted, verdicts: Mapping[str, bool | None]) -> Extracted:
    """Return the line with the id of the article that it is."""
    if _url(line) not in verdicts:
        return line
    own = line.claim.article_id or article_id(canonical_url(line.document.article.url))
    return replace(line, document=give_id(line.document, _named(line) if verdicts[_url(line)] else own))


def _owners(lines: Sequence[Extracted]) -> dict[str, str]:
    """Return by article id the first URL that asks for it."""
    return {line.document.id: _url(line) for line in reversed(lines)}


def _named(line: Extracted) -> str:
    """Return the id of the article that the canonical URL names."""
    return article_id(line.document.article.canonical_url)


def _said(line: Extracted) -> Said:
    return line.document.article.headline.value, line.document.article.text


def _url(line: Extracted) -> str:
    return line.claim.entry.url
