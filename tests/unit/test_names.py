"""One person in many spellings and scripts, and many people who nearly have one name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.names.chinese import read_chinese
from pipeline.enrich.names.comparison import compare_names, is_same_person
from pipeline.enrich.names.keys import block_keys, name_key, person_key
from pipeline.model.entity import Kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Владимир Путин", "Wladimir Putin"),
        ("Sviatlana Tsikhanouskaya", "Swetlana Tichanowskaja"),
        ("Аляксандр Лукашэнка", "Alexandre Loukachenko"),
        ("محمود عباس", "Mahmoud Abbas"),
        ("علی خامنه‌ای", "Ali Khamenei"),
        ("習近平", "Hsi Chin-p'ing"),
        ("Си Цзиньпин", "Xi Jinping"),
        ("Αλέξης Τσίπρας", "Alexis Tsipras"),
        ("김정은", "Kim Jong-un"),
        ("בנימין נתניהו", "Benjamin Netanyahu"),
        ("राहुल गांधी", "Rahul Gandhi"),
        ("Orbán Viktor", "Viktor Orbán"),
        ("Abd al-Fattah as-Sisi", "عبد الفتاح السيسي"),
        ("Merkel, Angela", "Angela Merkel"),
        ("Joseph R. Biden", "Joe Biden"),
        ("Gerhard Schröder", "Gerhard Schroeder"),
        ("Sergey Viktorovich Lavrov", "Сергей Лавров"),
    ],
)
def test_one_person(one: str, other: str) -> None:
    assert is_same_person(one, other)
    assert is_same_person(other, one)
    assert block_keys(one) & block_keys(other), "a watch-list would not find the one by the other"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Li Qiang", "Li Keqiang"),
        ("李强", "李克强"),
        ("Ли Цян", "Li Keqiang"),
        ("Donald Trump", "Donald Trump Jr."),
        ("George H. W. Bush", "George W. Bush"),
        ("Vitali Klitschko", "Володимир Кличко"),
        ("محمود عباس", "محمد عباس"),
        ("Mohammed bin Salman", "Salman bin Mohammed"),
        ("Kim Jong-un", "Kim Jong-il"),
        ("Mario Rossi", "Maria Rossi"),
        ("Иван Петров", "Пётр Иванов"),
        ("Roman Abramovich", "Roman Petrovich"),
        ("Putin", "Vladimir Putin"),
        ("", "Vladimir Putin"),
        ("", ""),
        ("123", "456"),
    ],
)
def test_two_people(one: str, other: str) -> None:
    assert not is_same_person(one, other)
    assert not is_same_person(other, one)


@pytest.mark.parametrize(
    ("key", "spellings"),
    [
        (
            "vladimir-putin",
            ("Vladimir Putin", "Владимир Путин", "Wladimir Putin", "Vladimir Poutine", "Путин Владимир"),
        ),
        ("svetlana-tihanovskaia", ("Светлана Тихановская", "Swetlana Tichanowskaja", "Sviatlana Tsikhanouskaya")),
        ("xi-jinping", ("Xi Jinping", "习近平", "習近平", "Си Цзиньпин", "Hsi Chin-p'ing", "Jinping Xi")),
        ("viktor-orban", ("Viktor Orbán", "Orbán Viktor", "Виктор Орбан")),
        ("donald-trump-jr", ("Donald Trump Jr.", "Donald Trump, Jr.")),
    ],
)
def test_every_spelling_has_the_same_key(key: str, spellings: tuple[str, ...]) -> None:
    assert {person_key(spelling) for spelling in spellings} == {key}


def test_keys_of_two_people_differ() -> None:
    names = (
        "Li Qiang",
        "Li Keqiang",
        "Hans Müller",
        "Hans Möller",
        "Jan Kowalski",
        "Jan Kowalczyk",
        "Ivan Petrov",
        "Petr Ivanov",
    )
    assert len({person_key(name) for name in names}) == len(names)


def test_a_company_is_the_same_without_its_legal_form() -> None:
    assert name_key(Kind.ORGANIZATION, "Nordwerk GmbH") == name_key(Kind.ORGANIZATION, "Nordwerk") == "nordwerk"


def test_a_comparison_says_why() -> None:
    assert compare_names("Donald Trump", "Donald Trump Jr.").reason == "another generation"
    assert compare_names("Hunter Biden", "Jill Biden").reason == "each has a word that the other lacks"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    assert compare_names(one, other).is_same == compare_names(other, one).is_same
    assert isinstance(person_key(one), str)
    assert block_keys(one) == block_keys(one)


def test_a_text_of_any_length_is_compared_in_time() -> None:
    assert not is_same_person("Anna Bella " * 5_000, "Carl Dorn " * 5_000)


def test_a_name_of_particles_alone_has_keys() -> None:
    assert block_keys("Le Du")
    assert not is_same_person("Le Du", "Du Bin")


def test_a_word_of_syllables_without_end_is_no_name() -> None:
    """Each "xian" reads as "xi-an" too: all ways of parting forty of them would outlast the sun."""
    assert read_chinese(("wang", "xian" * 40)) is None
    assert read_chinese(("wang", "a" * 2_000)) is None
    assert read_chinese(("ван", "сянь" * 40)) is None
    assert read_chinese(("wang", "xianxian")) is not None
