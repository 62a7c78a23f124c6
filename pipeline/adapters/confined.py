"""Inside the process that can be killed: it takes one call after another, and ends when nobody will make one any more."""

import gc
import inspect
import logging
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from types import UnionType
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

import msgspec

from pipeline.errors import NewswireError, Reject
from pipeline.model import codec
from pipeline.model.fate import Reason

#: The exit code of a process that could not have the memory it asked for.
OUT_OF_MEMORY = 12
_MEGABYTE = 1 << 20
#: Bytes; whoever called takes no longer one.
LONGEST_ANSWER = 256 * _MEGABYTE
_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may take: processor seconds, seconds by the clock, and megabytes beyond what the fork began with."""

    seconds: float
    patience: float
    megabytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function by its module and name, and what it is given; None stands for what is not given but asked."""

    function: str
    arguments: tuple[object, ...]
    #: The places of what is asked.
    asked: tuple[int, ...]


class Returned(msgspec.Struct, tag=True):
    """The call's result."""

    value: msgspec.Raw


class Raised(msgspec.Struct, tag=True):
    """One of our errors by its name, or any other with its trace."""

    error: str
    text: str
    reason: Reason | None = None
    trace: str = ""


class Asked(msgspec.Struct, tag=True):
    """A question to what stayed behind: of which argument, which method, and what it is given, by name."""

    place: int
    method: str
    given: dict[str, msgspec.Raw]


Message = Returned | Raised | Asked


@lru_cache(maxsize=100)
def hints_of(function: Callable[..., object]) -> Mapping[str, Any]:
    """Return the types of the function's parameters, in order, and of its result as ``return``."""
    return get_type_hints(function)


def protocol_of(hint: object) -> type | None:
    """Return the protocol that a parameter is of, or None where it takes records."""
    arms = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    return next((arm for arm in arms if getattr(arm, "_is_protocol", False)), None)


def serve(pipe: Connection, limits: Limits) -> NoReturn:
    """Answer calls until the pipe is closed; begun in a fresh fork, and never returned from."""
    kept = (sys.stdin, sys.stdout, sys.stderr)  # unused, but whoever closes them closes what has their number by then
    try:
        _leave_all_behind(pipe, limits)
        sys.stdin = sys.stdout = sys.stderr = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - for good
        while kept:
            call: Call = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from the process that forked this one
            signal.setitimer(signal.ITIMER_PROF, limits.seconds)
            signal.setitimer(signal.ITIMER_REAL, limits.patience)
            answer = _encode_answer(_answer(call, pipe))
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, limits.patience)  # anew: nothing may wait for ever to be taken
            pipe.send_bytes(answer)
            signal.setitimer(signal.ITIMER_REAL, 0)
    except (EOFError, OSError):  # whoever called is gone
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException:  # noqa: BLE001 - nothing of the fork may run on as if it were the process it came from
        os._exit(1)


def _encode_answer(answer: Returned | Raised) -> bytes:
    data = codec.encode(answer)
    if len(data) <= LONGEST_ANSWER:
        return data
    why = f"what was read of it is more than {LONGEST_ANSWER // _MEGABYTE} MB"
    return codec.encode(Raised(error="Reject", text=why, reason=Reason.OUT_OF_MEMORY))


def _answer(call: Call, pipe: Connection) -> Returned | Raised:
    try:
        module, _, name = call.function.partition(":")
        function = getattr(import_module(module), name)
        arguments = list(call.arguments)
        hints = list(hints_of(function).values())
        for place in call.asked:
            protocol = protocol_of(hints[place])
            assert protocol
            arguments[place] = _Absent(pipe, place, protocol)
        return Returned(value=msgspec.Raw(codec.encode(function(*arguments))))
    except MemoryError:
        raise
    except Reject as error:
        return Raised(error="Reject", text=error.detail, reason=error.reason)
    except NewswireError as error:
        return Raised(error=type(error).__name__, text=str(error))
    except Exception as error:  # noqa: BLE001 - logged, and brought to the one boundary, where it was called
        trace = traceback.format_exc()
        return Raised(error=type(error).__name__, text=str(error), reason=Reason.BUG, trace=trace)


class _Absent:
    """Stands for an argument that stayed behind; what its protocol has is asked there."""

    def __init__(self, pipe: Connection, place: int, protocol: type) -> None:
        self._pipe = pipe
        self._place = place
        self._protocol = protocol

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._protocol, name)

        def ask(*arguments: object, **named: object) -> object:
            bound = inspect.signature(method).bind(self, *arguments, **named).arguments
            given = {key: msgspec.Raw(codec.encode(value)) for key, value in bound.items() if key != "self"}
            self._pipe.send_bytes(codec.encode(Asked(place=self._place, method=name, given=given)))
            return codec.decode(self._pipe.recv_bytes(), hints_of(method)["return"])

        return ask


def _leave_all_behind(pipe: Connection, limits: Limits) -> None:
    """Give up what is the parent's: its signals, its files and sockets, its garbage."""
    gc.freeze()  # else what lies about might close a file of ours by its old number, and all of it would be copied
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, and that ends this
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(3, pipe.fileno())
    os.closerange(pipe.fileno() + 1, most)
    logging.disable()  # what goes wrong goes back; the log is the parent's
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _STATM.exists():  # not on macOS, which would not hold to the limit either
        used = int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        most = used + limits.megabytes * _MEGABYTE
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
