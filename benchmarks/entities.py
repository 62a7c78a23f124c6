"""How well names are found and told apart, and what it costs: ``python benchmarks/entities.py PART``, one module a part."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

PARTS = {
    "tagging": "persons, organizations and places on the labelled sets, out of fold and set by set; speed; memory",
    "names": "same person? over spellings and scripts, beside other libraries; cost of a look-up among a million",
    "quotes": "direct quotations with the right words and the right speaker",
}


def main() -> int:
    """Run the part that is named; return its exit code."""
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS, help="; ".join(f"{name}: {what}" for name, what in PARTS.items()))
    given, rest = parser.parse_known_args(sys.argv[1:2])
    return int(import_module(f"entities_{given.part}").main([*rest, *sys.argv[2:]]))


if __name__ == "__main__":
    sys.exit(main())
