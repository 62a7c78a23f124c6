"""What a replay needs of the program; wiring.Wiring has it all, each part opened on its first use."""

from datetime import datetime
from typing import Protocol

from pipeline.ports import Archive, Clock, Ledger, SearchStore
from pipeline.reading import Reader


class Parts(Protocol):
    """The parts; a replay that finds nothing to extract never opens the reader."""

    clock: Clock

    @property
    def archive(self) -> Archive:
        """The archive, which is only read but for reports."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The ledger, which is only read but for texts and their links."""
        ...

    @property
    def store(self) -> SearchStore:
        """The search store."""
        ...

    @property
    def reader(self) -> Reader:
        """What reads pages."""
        ...

    def correct_documents(self) -> None:
        """Tell all documents what was learned after they were written."""
        ...

    def apply_decisions(self, since: datetime) -> None:
        """Apply what people decided on entities since then to all documents."""
        ...

    def give_way(self) -> None:
        """Let live work go first, before each piece of a replay."""
        ...
