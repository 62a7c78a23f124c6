"""What Elasticsearch said a moment ago, and need not be asked again."""

from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pipeline.ports import Clock

#: Frequent names do not become rare within a minute, and who narrows a search asks for the same names again.
KEPT_FOR = timedelta(minutes=1)
MOST = 50_000  # answers kept

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Memory(Generic[Key, Answer]):
    """Answers of the last minute, for threads to share."""

    def __init__(self, clock: Clock) -> None:
        """Know nothing yet."""
        self._clock = clock
        self._answers: dict[Key, Answer] = {}
        self._until: datetime | None = None

    def answers(self) -> dict[Key, Answer]:
        """Return what is known now, for the caller to add to; another thread's next search may begin a new one."""
        now = self._clock.now()
        if self._until is None or now >= self._until or len(self._answers) > MOST:
            self._answers, self._until = {}, now + KEPT_FOR
        return self._answers

    def forget(self) -> None:
        """Know nothing, as before."""
        self._until = None
