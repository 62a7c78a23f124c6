"""Errors, named by what the caller does next.

NewswireError
├── UsageError        the user's input or configuration is wrong: one line, exit code 2
│   └── StoreUnusable      a store of ours cannot be used as it is, or as it is set up
├── DamagedWarc       a WARC file that others wrote ends early: what stands before was read
├── Retry             not now: the entry stays pending, Airflow retries the task
│   ├── Busy               nothing was sent: the host wants to be left alone, or its turn comes later than the caller would wait
│   └── StoreUnavailable   the search store, the ledger or the archive does not answer
│       └── TooSlow            a search was stopped
└── Reject            never: the URL ends in the fate of the reason
"""

from datetime import timedelta

from pipeline.model.fate import Reason


class NewswireError(Exception):
    """Any error that Newswire raises on purpose; its text is one clear line for the user."""


class UsageError(NewswireError):
    """Input or configuration that only the user can mend: exit code 2 on the command line."""


class StoreUnusable(UsageError):  # noqa: N818 - named as StoreUnavailable is, which time mends
    """Only whoever runs Newswire can mend it; its text names addresses, paths and settings, which are not for visitors."""


class DamagedWarc(NewswireError):  # noqa: N818 - what was met is named, not what went wrong
    """A WARC file is damaged or cut off; its whole records were read."""


class Retry(NewswireError):  # noqa: N818 - named by what the caller does, not by what it is
    """Something that time may mend. ``after`` is what the other side asked for, such as Retry-After."""

    def __init__(self, message: str, *, after: timedelta | None = None) -> None:
        """Remember how long to wait at least."""
        super().__init__(message)
        self.after = after


class Busy(Retry):
    """The host's turn comes only ``after`` so long, later than the caller would wait; nothing was sent, no visit failed."""

    after: timedelta

    def __init__(self, message: str, *, after: timedelta) -> None:
        """Remember when the turn comes."""
        super().__init__(message, after=after)


class StoreUnavailable(Retry):
    """A store of ours does not answer: the task is retried, and entries stay pending. Its text is not for visitors either."""


class TooSlow(StoreUnavailable):
    """A search was stopped; its text says after how long and what to do, and may be shown to visitors."""


class Reject(NewswireError):  # noqa: N818 - named by what the caller does, not by what it is
    """This URL ends here, in the fate that ``reason`` belongs to."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Keep the reason apart from its explanation."""
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
