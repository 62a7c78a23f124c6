"""Where alerts are sent."""

from collections.abc import Mapping
from typing import Protocol

from pipeline.model.capture import Capture


class Webhooks(Protocol):
    """Sends messages to addresses that users named, and reaches public ones alone unless the settings allow others."""

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Capture:
        """Post the JSON and return the answer, whatever its status, without its body; a redirect is not followed.

        Raises Reject (address refused, invalid URL) when sending again is pointless, and Retry (timeout, connection failure).
        """
        ...
