"""An alert as others get it: signed, in Atom, and in JSON Feed."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import feedparser
import pytest

from pipeline.alerts.delivery import message_body
from pipeline.alerts.feeds import write_atom, write_json_feed
from pipeline.alerts.signing import make_secret, read_key, sign_message
from pipeline.errors import UsageError
from tests.fixtures.alerts import a_search, an_alert

ADDRESS = "http://127.0.0.1:8787/searches/harvests.atom"
PAGE = ADDRESS.removesuffix(".atom")
ODD = an_alert("odd", when="first", said="the first document")
assert ODD.shown
ODD = replace(
    ODD, shown=replace(ODD.shown, headline="A <b>bold\x00</b> harvest & more", sentence="<script>1</script> & 2")
)
SILENT = an_alert("silent", said="no document for 24 hours", shown=None)


def test_a_signature_is_that_of_the_specification() -> None:
    """The same id, time, body and key signed by the specification's own Python library (standardwebhooks 1.1.0)."""
    secret, at = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", datetime.fromtimestamp(1614265330, UTC)
    assert sign_message(secret, "msg_1", at, b'{"test": 2432232314}') == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,daJC9zjteVUEcGf6sESvuljSVDEsnQ3shawBrSwYgzU=",
    }


def test_secrets_are_new_each_time_and_can_be_read() -> None:
    assert len(read_key(make_secret())) == 32
    assert make_secret() != make_secret()


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "whsec_ü" + "A" * 32]
)
def test_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(UsageError, match="a webhook's secret is whsec_ and 24 to 64 bytes in base64"):
        read_key(secret)


def test_a_message_is_the_same_at_each_try() -> None:
    assert message_body(an_alert()) == message_body(an_alert())
    message = json.loads(message_body(an_alert()))
    assert message["type"] == "newswire.alert"
    assert message["data"]["document"]["sentence"] == "The harvest of 1 began."


def test_an_atom_feed_that_readers_understand() -> None:
    xml = write_atom(a_search(), [an_alert(), ODD, SILENT], ADDRESS, PAGE)
    read = feedparser.parse(xml.encode())
    assert not read.bozo
    assert (read.version, read.feed.title, read.feed.links[1].href) == ("atom10", "Newswire: harvests", ADDRESS)
    plain, odd, silent = read.entries
    assert (plain.title, plain.link, plain.author) == ("Headline 1", "https://news.example/1", "The Example")
    assert plain.summary == "The harvest of 1 began."
    assert plain.id == "urn:newswire:alert:alert-1"
    assert "<script" not in xml
    assert odd.title == "A <b>bold</b> harvest & more"
    assert odd.title_detail.type == "text/plain"
    assert odd.summary.startswith("the first document: &lt;script&gt;")
    assert silent.title == "no document for 24 hours"
    assert (read.feed.link, silent.link) == (PAGE, PAGE)


def test_a_feed_without_alerts_is_as_old_as_its_search() -> None:
    read = feedparser.parse(write_atom(a_search(), [], ADDRESS, PAGE).encode())
    assert read.feed.updated_parsed[:3] == a_search().created_at.timetuple()[:3]


def test_a_json_feed() -> None:
    feed = json.loads(write_json_feed(a_search(), [an_alert(), ODD, SILENT], ADDRESS, PAGE))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in feed["items"]] == [
        "urn:newswire:alert:alert-1",
        "urn:newswire:alert:alert-odd",
        "urn:newswire:alert:alert-silent",
    ]
    assert feed["items"][0]["content_text"] == "The harvest of 1 began."
    assert feed["items"][0]["_newswire"]["condition"] == "any"
    assert "url" not in feed["items"][2]
    assert (feed["home_page_url"], feed["feed_url"]) == (PAGE, ADDRESS)
