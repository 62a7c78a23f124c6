from datetime import UTC, datetime, timedelta

import pytest

from pipeline.model.story import Traits
from pipeline.stories.traits import make_telling, read_traits, telling_time
from pipeline.stories.words import concept_of, fold_word, weigh_word
from tests.fixtures.documents import NOON, document


def traits(text: str, language: str = "en") -> Traits:
    return read_traits(document(headline="", text=text, language=language))


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("The quake had a magnitude of 6.8 and cost 1,600 lives.", "en"),
        ("Das Beben hatte die Stärke 6,8 und kostete 1.600 Leben.", "de"),
        ("Le séisme de magnitude 6,8 a fait 1 600 morts.", "fr"),
        ("Le séisme de magnitude 6,8 a fait 1\u202f600 morts.", "fr"),
    ],
)
def test_numbers_are_the_same_however_a_language_writes_them(written: str, language: str) -> None:
    assert {"6.8", "1600"} <= set(traits(written, language).numbers)


def test_a_year_says_less_than_a_count() -> None:
    numbers = traits("In 2026 there were 12,480 of them.").numbers
    assert numbers["12480"] > 5 * numbers["2026"]


@pytest.mark.parametrize("word", ["Одесса", "Odessa", "ODESSA"])
def test_names_of_all_scripts_meet_in_latin_letters(word: str) -> None:
    assert fold_word(word) == "odessa"


def test_names_are_told_from_words_that_only_begin_a_sentence() -> None:
    names = traits("Police asked Rosa Quispe in Arequipa. Many people slept outside.").names
    assert {"rosa", "quispe", "arequi"} <= set(names)
    assert not {"many", "police"} & set(names)


def test_headlines_that_write_every_word_large_say_nothing_of_names() -> None:
    headline = "Strong Earthquake Strikes Southern Arequipa, Many People Sleep Outside"
    names = read_traits(document(headline=headline, text="")).names
    assert "arequi" in names
    assert not {"strong", "strike", "many", "people", "outsid"} & set(names)


def test_german_nouns_are_no_names() -> None:
    names = traits("Der Sturm hat in Hamburg die Straße und den Hafen überflutet, sagte Lührs.", "de").names
    assert {"hambur", "luhrs"} <= set(names)
    assert not {"sturm", "strass", "hafen"} & set(names)


def test_rare_words_say_more_than_those_that_are_everywhere() -> None:
    assert weigh_word("the", "en") == 0
    assert 0 < weigh_word("government", "en") < weigh_word("earthquake", "en") < weigh_word("skellefteaa", "en")


@pytest.mark.parametrize(
    ("word", "language", "concept"),
    [
        ("aftershocks", "en", "earthquake"),
        ("erdbeben", "de", "earthquake"),
        ("pilotenstreik", "de", "strike"),
        ("terremotos", "es", "earthquake"),
        ("greve", "fr", "strike"),
        ("землетрясение", "ru", "earthquake"),
        ("table", "en", None),
        ("tremblement", "sv", None),
    ],
)
def test_words_of_five_languages_are_about_the_same_subjects(word: str, language: str, concept: str | None) -> None:
    folded = word if language == "ru" else fold_word(word)
    assert concept_of(fold_word(folded), language) == concept


@pytest.mark.parametrize("text", ["", "?", "«»", "\x00", "7", "一二三。四五六"])
def test_any_text_has_traits(text: str) -> None:
    assert isinstance(traits(text, "zh"), Traits)


@pytest.mark.parametrize(
    ("published", "believed"),
    [
        (NOON - timedelta(days=400), True),
        (NOON + timedelta(minutes=30), True),
        (NOON + timedelta(days=1), False),
        (datetime(2099, 1, 1, tzinfo=UTC), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime(1, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_time_is_believed_where_a_page_can_have_been_published_then(published: datetime, *, believed: bool) -> None:
    assert telling_time(document(published=published)) == (published if believed else NOON)


def test_an_article_without_a_time_is_told_when_it_was_first_seen() -> None:
    assert make_telling(document(published=None, captured_at=NOON + timedelta(days=30))).at == NOON
