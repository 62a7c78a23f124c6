"""Searching the live generation: from a Query through Elasticsearch's answers to pages and documents."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from elasticsearch import ConnectionTimeout, Elasticsearch

from pipeline.adapters import elasticsearch_scan as scan
from pipeline.adapters.elasticsearch_memory import Memory
from pipeline.adapters.elasticsearch_msearch import search_all
from pipeline.adapters.elasticsearch_page import marks_bodies, page_body, read_page
from pipeline.adapters.elasticsearch_query import Json, found_clause, is_scored, search_body
from pipeline.adapters.elasticsearch_spellings import (
    read_spellings,
    read_suggestions,
    spellings_body,
    suggestions_body,
)
from pipeline.adapters.elasticsearch_summary import EVERYTHING, Value, count_bodies, frequent_values, read_telling
from pipeline.errors import TooSlow, UsageError
from pipeline.model.query import Facet, Query, SearchPage, Sort
from pipeline.ports import Clock, Form
from pipeline.search.expression import Expression, Term
from pipeline.search.names import expand, read_expression, spellings
from pipeline.search.request import NO_SUCH_DOCUMENT, SEARCH_SECONDS, TOO_SLOW
from pipeline.search.suggestions import correct_text, suspect_words


class Reader:
    """What reads through the alias. Raises what the client raises, and UsageError for a query that cannot be served."""

    def __init__(self, client: Elasticsearch, alias: str, clock: Clock, stemmed: Sequence[str]) -> None:
        """Ask nothing yet. ``stemmed`` are the languages that the mapping has stems for."""
        self._whole = client  # for exports, which may take their time
        # What was too much or too slow is not asked again; snippets go on after the timeout that the server is told.
        self._client = client.options(retry_on_status=(), request_timeout=SEARCH_SECONDS + 1)
        self._alias = alias
        self._clock = clock
        self._stemmed = stemmed
        self._counted = Memory[Value, int](clock)
        self._spelled = Memory[Term, tuple[str, ...]](clock)

    def search(self, query: Query) -> SearchPage:
        """Return the page; where nothing is found, ask once more whether a word may be misspelt. Raises TooSlow."""
        try:
            return self._search(query)
        except ConnectionTimeout as error:
            raise TooSlow(TOO_SLOW) from error

    def _search(self, query: Query) -> SearchPage:
        now, asked, body = self._read(query)
        # What goes by date, such as the page before anything is asked, is the same for everybody; scores change with the time.
        is_kept = not is_scored(body)
        answer = self.ask(body | page_body(query, asked), with_scores=query.explains, is_kept=is_kept)
        page = read_page(answer, query, asked, now, self._ask_more(answer, asked))
        return page if page.total else replace(page, suggestion=self._suggest(query, asked))

    def export(self, query: Query) -> Iterator[Form]:
        """Yield all that is found, newest first."""
        _, _, body = self._read(replace(query, sort=Sort.NEWEST, page=1))
        yield from scan.scan_found(self._whole, self._alias, body["query"])

    def document(self, document_id: str) -> Form | None:
        """Return the stored form of the document."""
        found = self.ask({"query": {"ids": {"values": [document_id]}}, "size": 1})["hits"]["hits"]
        return found[0]["_source"] if found else None

    def ask(self, body: Mapping[str, Any], *, with_scores: bool = False, is_kept: bool = False) -> Json:
        """Return the answer to a body; ``with_scores`` gives the score of each named clause.

        Where it ``is_kept``, the server answers the same body from memory until something is written.
        """
        answer = self._client.search(
            index=self._alias,
            body={"timeout": f"{SEARCH_SECONDS}s", **body},
            ignore_unavailable=True,
            allow_partial_search_results=False,
            include_named_queries_score=with_scores,
            request_cache=is_kept or None,
        )
        return dict(answer.body)

    def entities_of(self, asked: Expression | None) -> dict[Term, tuple[str, ...]]:
        """Return the ids of the entities that each name in it may mean; what others write is known within a minute."""
        terms, known = spellings(asked), self._spelled.answers()
        unknown = [term for term in terms if term not in known]
        if unknown:
            known |= read_spellings(self.ask(spellings_body(unknown)), unknown)
        return {term: known[term] for term in terms}

    def forget(self) -> None:
        """Remember nothing: something was written."""
        self._counted.forget()
        self._spelled.forget()

    def _read(self, query: Query) -> tuple[datetime, Expression | None, Json]:
        """Return this moment, what is asked, with the entities of its names, and the body that asks it."""
        now, asked = self._clock.now(), read_expression(query)
        asked = expand(asked, self.entities_of(asked)) if asked else None
        like = self.document(query.like) if query.like else None
        if query.like and like is None:
            raise UsageError(NO_SUCH_DOCUMENT.format(query.like))
        found = found_clause(query, asked, self._stemmed, like)
        return now, asked, search_body(query, asked, found, now)

    def _ask_more(self, answer: Json, asked: Expression | None) -> tuple[Facet, ...]:
        """Give the hits their snippets, where the search could not; return what is telling, by counts in the whole index."""
        hits, frequent = answer["hits"]["hits"], frequent_values(answer.get("aggregations", {}))
        everywhere = self._counted.answers()
        unknown = [value for value in [EVERYTHING, *frequent] if frequent and value not in everywhere]
        bodies = [*count_bodies(unknown), *marks_bodies(asked, hits, self._stemmed)]
        answers = list[Json]()
        # By the alias: a reader's key opens no index by its own name.
        for each in search_all(self._client, [self._alias], bodies):
            if isinstance(each, UsageError):
                raise each
            answers.append(each)
        everywhere |= {value: each["hits"]["total"]["value"] for value, each in zip(unknown, answers, strict=False)}
        marked = {hit["_id"]: hit for each in answers[len(unknown) :] for hit in each["hits"]["hits"]}
        for hit in hits:
            hit["highlight"] = marked.get(hit["_id"], hit).get("highlight", {})
        return read_telling(frequent, answer["hits"]["total"]["value"], everywhere)

    def _suggest(self, query: Query, asked: Expression | None) -> str | None:
        """Return a text with other words that finds something."""
        words = suspect_words(asked)
        corrections = read_suggestions(self.ask(suggestions_body(words))) if words else {}
        corrected = replace(query, text=correct_text(query.text, corrections), limit=0, page=1)
        if corrected.text == query.text:
            return None
        _, _, body = self._read(corrected)
        return corrected.text if self.ask(body)["hits"]["total"]["value"] else None
