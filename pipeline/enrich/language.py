"""Which language a text is in: the text decides; what the page declares is only a hint for short texts."""

import re
from functools import cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

UNKNOWN = "und"

_ENOUGH = 200  # letters from which the text alone decides
_LEAST = 20  # letters under which only the declaration speaks
_SURE = 0.8
_WITHIN = 4_000  # characters that settle it; more cost time and say the same
#: A short text is taken at its likeliest language where that is so much likelier than the next.
_AHEAD = 1.5
#: What news is written in. py3langid knows some sixty more, and takes a short English text for Nigerian Pidgin.
_NEWS_LANGUAGES = (
    "am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko ku ky "
    "lo lt lv mk ml mn mr ms mt my ne nl no nb nn pa pl ps pt ro ru si sk sl sq sr sv sw ta te th tl tr uk ur uz vi zh"
)
_NO_LANGUAGE = frozenset({"zxx", "und", "mul"})
#: One code for what is one language to a reader, and today's codes for yesterday's.
_SAME = {
    "nb": "no",
    "nn": "no",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "sh": "sr",
    "cmn": "zh",
    "arz": "ar",
    "ary": "ar",
    "prs": "fa",
}
_LETTERS = re.compile(r"[^\W\d_]")


def decide_language(text: str, declared: str | None = None) -> str:
    """Return the ISO 639 code of the text's language, ``und`` where neither text nor declaration tells."""
    hint = normalise_tag(declared)
    sample = text[:_WITHIN]
    letters = len(_LETTERS.findall(sample))
    if letters < _LEAST:
        return hint or UNKNOWN
    ranked = [(_SAME.get(code, str(code)), float(share)) for code, share in _identifier().rank(sample)[:5]]
    best, share = ranked[0]
    if hint and (share < _SURE or letters < _ENOUGH) and hint in {code for code, _ in ranked}:
        return hint
    if best in _NO_LANGUAGE or (share < _SURE and letters < _ENOUGH):
        return hint or (best if share > _AHEAD * ranked[1][1] else UNKNOWN)
    return best


def normalise_tag(tag: str | None) -> str | None:
    """Return the primary language of a BCP 47 tag in lower case, or None where it names none."""
    primary = re.split(r"[-_]", (tag or "").strip().lower())[0]
    code = _SAME.get(primary, primary)
    return code if re.fullmatch(r"[a-z]{2,3}", code) and code not in _NO_LANGUAGE else None


@cache
def _identifier() -> Any:  # noqa: ANN401 - the library has no types
    """Return the model, loaded once: it takes most of a second."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = set(identifier.nb_classes)
    identifier.set_languages([language for language in _NEWS_LANGUAGES.split() if language in known])
    return identifier
