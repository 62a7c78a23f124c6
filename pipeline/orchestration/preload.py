"""What is loaded once, before tasks are forked from their worker, so that no task waits for it.

On Linux a task is a fork of its worker: modules, the language model and the gazetteer are shared, for nothing. Measured on
two cores: the body of a task takes 0.7 s instead of 3.8 s. No connection is opened: sockets must not cross a fork.
"""
# ruff: noqa: PLC0415 - loading is what this does, when it is called and not when it is imported

import gc
import logging
import os
import time
from datetime import UTC, datetime

log = logging.getLogger(__name__)

#: Enough for every part to be asked once.
SENTENCE = (
    "“The port of Valparaíso opens again,” Maria Okafor told reporters in Lisbon on Tuesday, and the council agreed."
)
PAGE = f"<!doctype html><title>A title</title><article><h1>A title</h1>{f'<p>{SENTENCE}</p>' * 9}</article>"


def preload() -> None:
    """Import what tasks import, and take one made-up page through what tasks do."""
    begun = time.monotonic()
    # The tasks are the parallelism; the numerics' own threads would only compete, and do not survive a fork.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import pipeline.orchestration.ingest  # noqa: F401 - to have it
    from pipeline.extract.article import extract_article
    from pipeline.model.capture import Capture
    from pipeline.model.feed import Entry, Rules
    from pipeline.parts import import_adapters, load_annotator
    from pipeline.stories.words import weigh_word

    import_adapters()
    url = "https://news.example/a"
    capture = Capture(url=url, final_url=url, fetched_at=datetime.now(UTC), status=200, body=PAGE.encode())
    article = extract_article(capture, Entry(url=url, feed_url=url, publisher="Example"), Rules())
    load_annotator().annotate([article])
    weigh_word("title", "en")
    gc.freeze()  # what is there now stays: the collector would touch, and so copy, the pages that forks share
    log.info("preloaded in %.1f s", time.monotonic() - begun)
