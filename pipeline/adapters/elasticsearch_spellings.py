"""What is asked before and after a search: the entities of a spelling, and words close to a misspelt one."""

from collections.abc import Sequence

from pipeline.adapters.elasticsearch_query import Json, entity_clause, filtered, nested, plain
from pipeline.search.grammar import Term
from pipeline.search.names import MAX_IDS

#: Documents of a shard that the entities of a spelling are taken from: a bound on what a common word costs.
MOST_SPELLED = 1000


def spellings_body(terms: Sequence[Term]) -> Json:
    """Return the body that asks for the ids of the entities that have such a spelling, by the term's number."""
    wanted = [entity_clause(term) for term in terms]
    ids = {"ids": {"terms": {"field": "entities.id", "size": MAX_IDS}}}
    return {
        "size": 0,
        "track_total_hits": False,
        "terminate_after": MOST_SPELLED,
        "query": filtered(nested("entities", {"bool": {"should": wanted, "minimum_should_match": 1}})),
        "aggs": {
            "entities": {
                "nested": {"path": "entities"},
                "aggs": {str(number): {"filter": clause, "aggs": ids} for number, clause in enumerate(wanted)},
            }
        },
    }


def read_spellings(answer: Json, terms: Sequence[Term]) -> dict[Term, tuple[str, ...]]:
    """Return the ids that Elasticsearch answered to ``spellings_body``."""
    counted = answer.get("aggregations", {}).get("entities", {})
    return {
        term: tuple(bucket["key"] for bucket in counted.get(str(number), {}).get("ids", {}).get("buckets", ()))
        for number, term in enumerate(terms)
    }


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
