"""Functions called in a process that can be killed: what takes too long, takes too much or crashes costs itself alone.

The process is a fork of this one, so that what was loaded here need not be loaded there, and it stays for the next call. The
kernel ends it: by a timer of the processor time that it uses, by one of the clock, by a limit of memory. Nothing in it can keep
that from happening, whereas a thread or a signal's handler would have to wait for the end of one long call of a parser.

No file, socket or database crosses the fork: whatever a call needs of a store, it asks of the process that waits for its
answer. What comes back is read as the records that the function's annotations promise, never unpickled.
"""

import logging
import os
import pickle
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import Pipe
from typing import ParamSpec, TypeVar

from pipeline.adapters.confined import (
    LONGEST_ANSWER,
    OUT_OF_MEMORY,
    Asked,
    Call,
    Limits,
    Message,
    Raised,
    Returned,
    hints_of,
    protocol_of,
    serve,
)
from pipeline.errors import NewswireError, Reject
from pipeline.model import codec
from pipeline.model.fate import Reason

Given = ParamSpec("Given")
Result = TypeVar("Result")

#: Seconds by the clock for each of processor time. What waits for ever must end as well; but on a machine with twenty processes
#: to a core, an honest page gets as little of it.
PATIENCE = 15.0
#: Processes that are kept for a later call; more are only made where there are more calls at a time.
_MOST_IDLE = 2

log = logging.getLogger(__name__)


class ForkedProcesses:
    """Promises what ports.Confinement does."""

    def __init__(self, *, seconds: float, megabytes: int, patience: float = PATIENCE) -> None:
        """Take what one call may use: seconds of processor time, megabytes beyond what this process has."""
        self._limits = Limits(seconds=seconds, patience=patience * seconds, megabytes=megabytes)
        self._idle: list[_Process] = []
        self._owner = os.getpid()

    def call(self, function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs) -> Result:
        """Call it in a process that waits for one, else in a new one."""
        assert not named
        call, asked = _as_call(function, arguments)
        process = self._take()
        try:
            return process.call(function, call, asked)
        except _EndedError as error:
            # What an old process has gathered, or an earlier page broke in it, is not this page's fault.
            if process.is_fresh or error.reason is Reason.TIMEOUT:
                raise Reject(error.reason, str(error)) from error
            process = _Process(self._limits)
            try:
                return process.call(function, call, asked)
            except _EndedError as again:
                raise Reject(again.reason, str(again)) from again
        finally:
            self._put_back(process)

    def close(self) -> None:
        """End the processes that wait."""
        while self._idle:
            self._idle.pop().end()

    def _take(self) -> "_Process":
        if self._owner != os.getpid():  # a fork of ours: what waits there waits for the one that made it
            self._idle, self._owner = [], os.getpid()
        with suppress(IndexError):  # another thread may have taken the last
            return self._idle.pop()
        return _Process(self._limits)

    def _put_back(self, process: "_Process") -> None:
        if process.is_waiting and len(self._idle) < _MOST_IDLE:
            self._idle.append(process)
        else:
            process.end()


class _EndedError(Exception):
    """The process is no more."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class _Process:
    """A fork that serves calls."""

    def __init__(self, limits: Limits) -> None:
        self.is_fresh = True
        #: Whether it can take a call; not while it is at one, whatever became of that.
        self.is_waiting = True
        self._limits = limits
        self._pipe, theirs = Pipe()
        with warnings.catch_warnings():
            # The fork runs none of the other threads, and takes none of their locks: it reads, and answers.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._id = os.fork()
        if not self._id:
            serve(theirs, limits)
        theirs.close()

    def call(self, function: Callable[..., Result], call: Call, asked: dict[int, object]) -> Result:
        """Return the answer. Raises what the function raises, and _EndedError."""
        self.is_waiting = False
        try:
            self._pipe.send_bytes(pickle.dumps(call))
            while isinstance(message := self._receive(), Asked):
                self._pipe.send_bytes(_answer(message, function, asked))
        except (EOFError, OSError):
            # It may be at work still, sending what is too long; where it has ended, this changes nothing.
            os.kill(self._id, signal.SIGKILL)
            raise self._why_ended() from None
        self.is_waiting, self.is_fresh = True, False
        if isinstance(message, Raised):
            raise _as_error(message, call.function)
        result: Result = codec.decode(bytes(message.value), hints_of(function)["return"])
        return result

    def end(self) -> None:
        """End it, at once where it is still at work."""
        self._pipe.close()
        if self._id:
            if not self.is_waiting:
                os.kill(self._id, signal.SIGKILL)
            self._exit_code()

    def _receive(self) -> Returned | Raised | Asked:
        return codec.decode(self._pipe.recv_bytes(LONGEST_ANSWER), Message)  # type: ignore[arg-type]  # a union

    def _why_ended(self) -> _EndedError:
        code = self._exit_code()
        if code == OUT_OF_MEMORY:
            return _EndedError(Reason.OUT_OF_MEMORY, f"reading it took more than {self._limits.megabytes:,} MB")
        if code == -signal.SIGPROF:
            return _EndedError(
                Reason.TIMEOUT, f"reading it took more than {self._limits.seconds:g} s of processor time"
            )
        if code == -signal.SIGALRM:
            return _EndedError(Reason.TIMEOUT, f"reading it did not end within {self._limits.patience:g} s")
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return _EndedError(Reason.CRASH, f"reading it ended the process: {how}")

    def _exit_code(self) -> int:
        """Wait for the end, and return the exit code, negative for a signal."""
        _, status = os.waitpid(self._id, 0)
        self._id = 0
        return os.waitstatus_to_exitcode(status)


def _as_call(function: Callable[..., object], arguments: tuple[object, ...]) -> tuple[Call, dict[int, object]]:
    """Return the call, and by place those arguments that stay here and are asked."""
    hints = list(hints_of(function).values())
    asked = {
        place: argument
        for place, argument in enumerate(arguments)
        if argument is not None and protocol_of(hints[place])
    }
    given = tuple(None if place in asked else argument for place, argument in enumerate(arguments))
    name = f"{function.__module__}:{function.__qualname__}"
    return Call(function=name, arguments=given, asked=tuple(asked)), asked


def _answer(question: Asked, function: Callable[..., object], asked: dict[int, object]) -> bytes:
    """Ask what stayed here; only what its protocol declares can be asked."""
    protocol = protocol_of(list(hints_of(function).values())[question.place])
    hints = hints_of(getattr(protocol, question.method))
    given = {name: codec.decode(bytes(value), hints[name]) for name, value in question.given.items()}
    return codec.encode(getattr(asked[question.place], question.method)(**given))


def _as_error(message: Raised, function: str) -> NewswireError:
    if message.reason is Reason.BUG and message.trace:
        log.error("unexpected error in %s; please report it\n%s", function, message.trace)
        return Reject(Reason.BUG, f"{message.error}: {message.text}")
    if message.reason:
        return Reject(message.reason, message.text)
    kind = next((kind for kind in _kinds_of(NewswireError) if kind.__name__ == message.error), NewswireError)
    return kind(message.text)


def _kinds_of(kind: type[NewswireError]) -> Iterator[type[NewswireError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds_of(narrower)
