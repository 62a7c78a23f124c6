"""Whom and what texts name, measured: ``python benchmarks/entities.py quotes``; one subcommand for each question."""

import importlib
import sys
from pathlib import Path

#: What can be measured, and the module of each.
SUBCOMMANDS = {"tagging": "entities_tagging", "names": "entities_names", "quotes": "entities_quotes"}


def main() -> int:
    """Hand over to the subcommand; return the exit code."""
    if not sys.argv[1:] or sys.argv[1] not in SUBCOMMANDS:
        print(f"usage: python benchmarks/entities.py {'|'.join(SUBCOMMANDS)} …", file=sys.stderr)
        return 2
    sys.path.insert(0, str(Path(__file__).parent))
    module = importlib.import_module(SUBCOMMANDS[sys.argv[1]])
    return int(module.main(sys.argv[2:]))


if __name__ == "__main__":
    sys.exit(main())
