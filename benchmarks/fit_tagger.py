"""Fit the weights of the English tagger to all labelled sets and texts made for practice; the same texts give the same weights.

What they are worth is measured with others, fitted to a part of the sets: ``python benchmarks/entities.py tagging``.
"""

import argparse
import sys
from importlib.resources import files
from pathlib import Path

from entities_tagging import NETWORKS, fit_networks, read_samples
from labelled_texts import DEVSET, read_labelled
from tagger_training import Plan
from wire_texts import make_practice

from pipeline.enrich.tagging.network import save_networks

WEIGHTS = Path(str(files("pipeline.enrich.tagging") / "data" / "networks.npz"))


def main() -> int:
    """Fit and write; return the exit code."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    if not DEVSET.is_dir():
        print(f"no labelled sets at {DEVSET}: nothing fitted")
        return 0
    documents = read_labelled()
    samples = read_samples([*documents, *make_practice(documents)])
    networks = fit_networks(samples, NETWORKS, Plan())
    save_networks(networks, WEIGHTS)
    print(f"{len(networks[0].vocabulary)} features, {WEIGHTS.stat().st_size / 1e6:.1f} MB: {WEIGHTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
