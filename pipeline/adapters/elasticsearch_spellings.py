"""What is asked before and after a search: the entities of a spelling, and words close to a misspelt one."""

from collections.abc import Sequence

from pipeline.adapters.elasticsearch_query import Json, entity_clause, filtered, nested, plain
from pipeline.adapters.last_names import ends_name, may_be_last_name
from pipeline.search.expression import Field, Match, Term
from pipeline.search.names import MAX_IDS

#: Documents of a shard that the entities of a spelling are taken from: a bound on what a common word costs.
MOST_SPELLED = 1000
#: Spellings of an entity that are looked at for a last name, the most frequent.
_NAMES = 10
_IDS = {"terms": {"field": "entities.id", "size": MAX_IDS}}


def spellings_body(terms: Sequence[Term]) -> Json:
    """Return the body that asks for the ids of the entities that have such a spelling, by the term's number."""
    wanted = {str(number): entity_clause(term) for number, term in enumerate(terms)}
    named = {
        _in_names(number): entity_clause(Term(term.text, Match.WORD, Field.PERSON))
        for number, term in enumerate(terms)
        if may_be_last_name(term)
    }
    names = {**_IDS, "aggs": {"names": {"terms": {"field": "entities.aliases", "size": _NAMES}}}}
    return {
        "size": 0,
        "track_total_hits": False,
        "terminate_after": MOST_SPELLED,
        "query": filtered(
            nested("entities", {"bool": {"should": [*wanted.values(), *named.values()], "minimum_should_match": 1}})
        ),
        "aggs": {
            "entities": {
                "nested": {"path": "entities"},
                "aggs": {
                    **{key: {"filter": clause, "aggs": {"ids": _IDS}} for key, clause in wanted.items()},
                    **{key: {"filter": clause, "aggs": {"ids": names}} for key, clause in named.items()},
                },
            }
        },
    }


def read_spellings(answer: Json, terms: Sequence[Term]) -> dict[Term, tuple[str, ...]]:
    """Return the ids that Elasticsearch answered to ``spellings_body``."""
    counted = answer.get("aggregations", {}).get("entities", {})

    def buckets(key: str) -> Sequence[Json]:
        found: Sequence[Json] = counted.get(key, {}).get("ids", {}).get("buckets", ())
        return found

    ids = dict[Term, tuple[str, ...]]()
    for number, term in enumerate(terms):
        last = (
            each
            for each in buckets(_in_names(number))
            if any(ends_name(term.text, name["key"]) for name in each["names"]["buckets"])
        )
        found = dict.fromkeys(each["key"] for each in [*buckets(str(number)), *last])
        ids[term] = tuple(found)[:MAX_IDS]
    return ids


def _in_names(number: int) -> str:
    """Return what the people are called in the answer who have the term as a word of a name."""
    return f"{number} in names"


def suggestions_body(words: Sequence[str]) -> Json:
    """Return the body that asks for words that the index has in place of those that it has not."""
    options = {"field": "text", "suggest_mode": "missing", "min_word_length": 4, "size": 1}
    return {"size": 0, "suggest": {word: {"text": plain(word), "term": options} for word in words}}


def read_suggestions(answer: Json) -> dict[str, str]:
    """Return the likeliest correction of each word that has one."""
    found = answer.get("suggest", {})
    return {
        word: suggested[0]["options"][0]["text"]
        for word, suggested in found.items()
        if len(suggested) == 1 and suggested[0]["options"]
    }
