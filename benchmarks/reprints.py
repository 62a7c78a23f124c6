"""How well reprints are found, beside MinHash with LSH, and how fast: every figure of decision 0011.

    python benchmarks/reprints.py                    quality, and speed at a million texts
    python benchmarks/reprints.py --tune             shares of copies and lookalikes on what settings are chosen on
    python benchmarks/reprints.py --quality          quality alone
    python benchmarks/reprints.py --speed            speed alone
    python benchmarks/reprints.py --texts 100000     speed with fewer texts in the ledger
    python benchmarks/reprints.py --copies 10000     copies of one text, in order and backwards

rensa and datasketch are measured where ``make bench`` has made the environment of the peers.
"""

import argparse
import sys

from reprint_quality import print_quality
from reprint_speed import print_copies, print_speed
from reprint_tuning import print_tables


def main() -> int:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--tune", action="store_true", help="shares on half A and the rules for tuning, and nothing else"
    )
    parser.add_argument("--quality", action="store_true", help="quality alone")
    parser.add_argument("--speed", action="store_true", help="speed alone")
    parser.add_argument("--texts", type=int, default=1_000_000, help="texts in the ledger when speed is measured")
    parser.add_argument("--copies", type=int, help="so many copies of one text, and nothing else")
    parser.add_argument(
        "--ledger",
        default="",
        help="a database to measure on, which one run can fill for the next; default: SQLite in a new folder",
    )
    given = parser.parse_args()
    if given.tune:
        print_tables()
    elif given.copies:
        print_copies(given.copies)
    else:
        if not given.speed:
            print_quality()
        if not given.quality:
            print_speed(given.texts, given.ledger)
    return 0


if __name__ == "__main__":
    sys.exit(main())
