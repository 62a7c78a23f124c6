"""Where what goes wrong with one feed, URL, sitemap, WARC file or delivery ends, so that others go on: the one such place."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager

from pipeline.errors import NewswireError, Reject, StoreUnavailable
from pipeline.model.fate import Reason

log = logging.getLogger(__name__)


@contextmanager
def boundary(end: Callable[[Reason, str], None]) -> Iterator[None]:
    """Give what goes wrong inside to ``end``, as a reason and a line, and go on. Raises StoreUnavailable alone."""
    try:
        yield
    except StoreUnavailable:  # nobody's fault here: the whole work stops, and is taken up again
        raise
    except Reject as error:
        end(error.reason, error.detail)
    except NewswireError as error:
        end(Reason.UNREACHABLE, str(error))
    except Exception as error:
        # A page that breaks the parser must not take the batch with it; the trace is for us, the dead letter for the user.
        log.exception("unexpected error; please report it")
        end(Reason.BUG, f"{type(error).__name__}: {error}")


async def gather(works: Sequence[Coroutine[None, None, None]]) -> None:
    """Run all of them; the first error of a store stops the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
