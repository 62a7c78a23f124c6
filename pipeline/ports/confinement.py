"""Where reading what strangers wrote may end without harm."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Confinement(Protocol):
    """Calls functions that read pages and feeds, where too much time or memory costs the one call and nothing else."""

    def call(self, function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
        """Return what the function returns; arguments are passed by position. May be called from several threads at once.

        The function stands in a module; it and its parameters are annotated with records, or with protocols: what stands for
        one of these, such as a store, stays here and is asked from there, by keyword and by value.
        Raises what the function raises of our own errors, and Reject (extraction timeout, out of memory, crash, or a bug).
        """
        ...
