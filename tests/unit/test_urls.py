import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Reject
from pipeline.urls import MAX_URL_LENGTH, article_id, canonical_url, host_of, normalise_url


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://example.org/%7euser/%2f", "https://example.org/~user/%2F"),
        ("https://example.org/a#part", "https://example.org/a"),
        ("https://münchen.example/straße?ort=köln", "https://xn--mnchen-3ya.example/stra%C3%9Fe?ort=k%C3%B6ln"),
        ("https://STRASSE.example", "https://strasse.example/"),
        ("https://Straße.example", "https://xn--strae-oqa.example/"),
        ("https://σας.example", "https://xn--mxa8ab.example/"),
        ("https://i❤.example", "https://xn--i-7iq.example/"),
        ("https://ｎｅｗｓ。example.", "https://news.example./"),
        ("https://example.org/a+b?c=d+e&f", "https://example.org/a+b?c=d+e&f"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("  https://example.org/a\n", "https://example.org/a"),
    ],
)
def test_one_address_has_one_spelling(written: str, normal: str) -> None:
    assert normalise_url(written) == normal
    assert normalise_url(normal) == normal


@pytest.mark.parametrize(
    "written",
    [
        "ftp://example.org/a",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//example.org/a",
        "/a",
        "",
        "https://",
        "https://user:word@example.org/",
        "https://example.org:99999/",
        "https://exa mple.org/" + "a" * MAX_URL_LENGTH,
        "https://[::1/",
        "https://" + "a" * 70 + ".org/",
        "https://example..org/",
        *(
            f"https://example.org/{part}" for part in ("a\udcff", "?a=\udcff", "%\udcff")
        ),  # a byte that is no UTF-8, from a shell
        "https://\udcff.example/",
        "https://\u2488example/",
    ],
)
def test_what_is_no_web_address_is_rejected(written: str) -> None:
    with pytest.raises(Reject, match="invalid URL"):
        normalise_url(written)


@given(st.text())
def test_any_text_is_an_address_or_rejected(text: str) -> None:
    try:
        normal = normalise_url(text)
    except Reject:
        return
    assert normalise_url(normal) == normal


@pytest.mark.parametrize(
    ("answered", "declared", "canonical"),
    [
        ("https://www.example.org/a?utm_source=feed&id=7", None, "https://www.example.org/a?id=7"),
        ("https://example.org/a?fbclid=x", "https://example.org/b", "https://example.org/b"),
        ("https://m.example.org/a", "https://www.example.org/a", "https://www.example.org/a"),
        ("https://feeds.example.org/a", "https://www.example.org/a", "https://www.example.org/a"),
        ("https://example.org/a", "https://other.example/a", "https://example.org/a"),
        ("https://example.org/a", "https://example.org/", "https://example.org/a"),
        ("https://example.org/a", "not an address", "https://example.org/a"),
    ],
)
def test_a_declared_address_is_believed_on_its_own_site_only(
    answered: str, declared: str | None, canonical: str
) -> None:
    assert canonical_url(answered, declared) == canonical


def test_an_article_keeps_its_id_when_the_scheme_changes() -> None:
    assert article_id("http://example.org/a") == article_id("https://example.org/a")
    assert article_id("https://example.org/a") != article_id("https://example.org/b")
    assert len(article_id("https://example.org/a")) == 32


def test_politeness_counts_by_host_and_port() -> None:
    assert host_of("https://Example.org:8443/a") == "example.org:8443"
