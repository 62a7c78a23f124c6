"""How well names are found and told apart, and what it costs: ``python benchmarks/entities.py PART``, one module a part."""

import argparse
import sys
from importlib import import_module

PARTS = {
    "tagging": "persons, organizations and places on the labelled sets, out of fold and set by set; speed; memory",
}


def main() -> int:
    """Run the part that is named; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS, help="; ".join(f"{name}: {what}" for name, what in PARTS.items()))
    given, rest = parser.parse_known_args()
    return int(import_module(f"entities_{given.part}").main(rest))


if __name__ == "__main__":
    sys.exit(main())
