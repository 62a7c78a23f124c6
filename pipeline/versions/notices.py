"""Whether a page still tells its article, or says something short in its place, such as that it was removed.

Told without a word of any language: a notice is short, is a small share of what the article was, and says hardly anything
of it. An article that was shortened, cut off by a paywall or corrected keeps words of its own; one that grew is not short.
"""

from pipeline.model.fate import Reason

#: Characters that a notice has at most, and the share of the article's that it has at most.
MOST_NOTICE = 800
MOST_SHARE = 0.2
#: Of the notice's runs of so many letters, at most this share stands in the article too: by chance, and names of it do.
RUN, MOST_KEPT = 10, 0.25
#: The same of a headline: it was not edited but replaced.
HEADLINE_RUN, MOST_HEADLINE_KEPT = 5, 0.25


def judge_change(headline: str, text: str, *, old_headline: str, old_text: str) -> tuple[Reason, str] | None:
    """Return why this is no new version of the article, with the evidence; None where it is one.

    A short strange text under another headline is a notice that the article was removed. Under the article's own headline
    it may be one, or a wall that was not known as such, or a text that was not found: then nobody says that it was removed.
    """
    if len(text) > min(MOST_NOTICE, MOST_SHARE * len(old_text)) or _kept_share(text, old_text, RUN) > MOST_KEPT:
        return None
    evidence = f"{len(text)} characters that say hardly anything of the article's {len(old_text):,}: “{text[:160]}”"
    if _kept_share(headline, old_headline, HEADLINE_RUN) > MOST_HEADLINE_KEPT:
        return Reason.TOO_SHORT, evidence
    return Reason.REMOVED, f"“{headline[:80]}” in its place; {evidence}"


def _kept_share(new: str, old: str, run: int) -> float:
    """Return which share of the newer text's runs of letters stands in the older one; 0 where it has no run."""
    letters, known = _letters(new), _letters(old)
    runs = [letters[at : at + run] for at in range(len(letters) - run + 1)]
    return sum(each in known for each in runs) / len(runs) if runs else float(letters in known)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
