"""The text of an article, marked: whom it names and what is quoted."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.passages import Piece, mark_passages

RAISI = {"name": "Ebrahim Raisi", "kind": "person", "aliases": ["Ebrahim Raisi", "Raisi"]}
IRAN = {"name": "Iran", "kind": "place", "aliases": ["Iran"], "via": ["Iranian"]}


def test_every_spelling_is_marked_and_the_longest_wins() -> None:
    (paragraph,) = mark_passages("Ebrahim Raisi came. Raisi, an Iranian, left Iran.", [RAISI, IRAN], [])
    named = [(piece.text, piece.entity["name"]) for piece in paragraph if piece.entity]
    assert named == [
        ("Ebrahim Raisi", "Ebrahim Raisi"),
        ("Raisi", "Ebrahim Raisi"),
        ("Iranian", "Iran"),
        ("Iran", "Iran"),
    ]


def test_a_name_inside_another_word_is_none_except_where_words_are_not_spaced() -> None:
    (paragraph,) = mark_passages("Iranium is not in Iran.", [IRAN], [])
    assert [piece.text for piece in paragraph if piece.entity] == ["Iran"]
    (paragraph,) = mark_passages("伊朗总统访问北京市。", [{"name": "北京", "kind": "place"}], [])
    assert [piece.text for piece in paragraph if piece.entity] == ["北京"]


def test_a_shared_spelling_goes_to_the_more_salient() -> None:
    cities = [{"name": "Paris Saint-Germain", "aliases": ["Paris"]}, {"name": "Paris", "aliases": ["Paris"]}]
    (paragraph,) = mark_passages("Paris won.", cities, [])
    assert paragraph[0].entity == cities[0]


def test_names_within_quotes_are_both() -> None:
    text = "He said: “Raisi left.”\n\nNobody “Raisi left” again."
    first, second = mark_passages(text, [RAISI], [{"text": "Raisi left."}])
    assert first == [
        Piece("He said: “"),
        Piece("Raisi", RAISI, is_quoted=True),
        Piece(" left.", None, is_quoted=True),
        Piece("”"),
    ]
    assert not any(piece.is_quoted for piece in second)


def test_quotes_that_are_not_in_one_piece_are_left_out_and_the_next_are_found() -> None:
    (paragraph,) = mark_passages("“One,” he said, “two.” “Three.”", [], [{"text": "One, two."}, {"text": "Three."}])
    assert [piece.text for piece in paragraph if piece.is_quoted] == ["Three."]


@given(
    st.text(alphabet="ab \n“.*(", max_size=60),
    st.lists(st.text(alphabet="ab .*(", min_size=1, max_size=4), max_size=4),
    st.lists(st.text(alphabet="ab \n", min_size=1, max_size=6), max_size=4),
)
def test_the_pieces_together_are_the_text(text: str, names: list[str], quotes: list[str]) -> None:
    passages = mark_passages(text, [{"name": name} for name in names], [{"text": quote} for quote in quotes])
    assert "\n\n".join("".join(piece.text for piece in paragraph) for paragraph in passages) == text


def test_spellings_that_begin_alike_or_with_a_sign() -> None:
    names = [{"name": name} for name in ("John", "John Smith", "John Smithson", "'t Hooft", "X社", "X")]
    (paragraph,) = mark_passages(
        "John Smithsonian met John Smithson, 't Hooft of X社 and X; isn't Hooft X1?", names, []
    )
    assert [piece.text for piece in paragraph if piece.entity] == ["John", "John Smithson", "'t Hooft", "X社", "X"]


def test_a_page_of_thousands_of_names_is_marked_whole() -> None:
    names = [f"Aa{number} Bb{number}" for number in range(4_000)]
    text = ". ".join(["and so it goes on " * 8 + name for name in names])
    (paragraph,) = mark_passages(text, [{"name": name} for name in names], [])
    assert [piece.text for piece in paragraph if piece.entity] == names
