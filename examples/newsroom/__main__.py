"""Serve the demo newsroom until Ctrl-C: ``python -m examples.newsroom [--ports A B C] [--sources FILE]``."""

import argparse
import sys
import threading
from pathlib import Path

from examples.newsroom.server import Newsroom

LAST_PORT = 65535


def port(text: str) -> int:
    """Read a port; ValueError, which argparse reports, for anything else."""
    number = int(text)
    if not 0 <= number <= LAST_PORT:
        raise ValueError(text)
    return number


def read_arguments() -> argparse.Namespace:
    """Read the command line; a wrong one ends with exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m examples.newsroom", description="Serve the demo newsroom.")
    parser.add_argument("--ports", nargs=3, type=port, default=(8790, 8791, 8792), metavar="PORT")
    parser.add_argument("--sources", type=Path, metavar="FILE", help="write Newswire's sources file here")
    return parser.parse_args()


def main() -> int:
    """Serve; return the exit code."""
    arguments = read_arguments()
    try:
        with Newsroom(ports=arguments.ports) as newsroom:
            if arguments.sources:
                newsroom.write_sources(arguments.sources)
            print(*newsroom.feeds, sep="\n", flush=True)
            threading.Event().wait()
    except OSError as error:
        print(f"newsroom: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
