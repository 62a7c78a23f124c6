"""Long texts in pieces that a model takes: its memory, and for some its time, grows with the longest text."""

from collections.abc import Iterator

_MAX_PIECE = 20_000  # characters


def split_text(text: str) -> Iterator[tuple[int, str]]:
    """Yield pieces that are not blank, with their starts: cut between paragraphs, else between words, else anywhere."""
    start = 0
    while start < len(text):
        cut = len(text)
        if cut - start > _MAX_PIECE:
            limit = start + _MAX_PIECE
            cuts = (text.rfind("\n\n", start + 1, limit), text.rfind(" ", start + 1, limit), limit)
            cut = next(cut for cut in cuts if cut > start)
        piece = text[start:cut]
        if not piece.isspace():
            yield start, piece
        start = cut
