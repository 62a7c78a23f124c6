"""Entities measured: ``python benchmarks/entities.py names`` and so on; each subcommand is a module beside this one."""

import argparse
import importlib
import sys
from pathlib import Path

SUBCOMMANDS = {
    "names": "same person? over spellings and scripts, beside other libraries; cost of a look-up among a million",
}


def main() -> None:
    """Run the module that is asked for; it has ``add_arguments(parser)`` and ``run(options)``."""
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    parser = argparse.ArgumentParser(description=__doc__)
    choices = parser.add_subparsers(dest="subcommand", required=True)
    for name, text in SUBCOMMANDS.items():
        importlib.import_module(name).add_arguments(choices.add_parser(name, help=text, description=text))
    options = parser.parse_args()
    importlib.import_module(options.subcommand).run(options)


if __name__ == "__main__":
    main()
