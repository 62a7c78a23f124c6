"""The articles that a user names on the command line."""

from pipeline.errors import UsageError
from pipeline.ports import Form
from pipeline.urls import article_id, normalise_url, strip_tracking
from pipeline.wiring import Wiring


def find_id(wiring: Wiring, given: str) -> str:
    """Return the article's id: of the URL as the ledger knows it, as it would be canonical, or as given."""
    if not given.startswith(("http://", "https://")):
        return given
    url = normalise_url(given)
    holding = wiring.ledger.holdings([url]).get(url)
    return holding.article.article_id if holding else article_id(strip_tracking(url))


def find_form(wiring: Wiring, given: str) -> Form:
    """Return the indexed article of this URL or id. Raises UsageError where there is none."""
    form = wiring.store.document(find_id(wiring, given))
    if form is None:
        raise no_article(given)
    return form


def no_article(given: str) -> UsageError:
    """Return what is said of an article that is not there."""
    return UsageError(f"no article is indexed under {given!r}; newswire search finds addresses")
