#!/usr/bin/env python3
"""Whether `reconcile validate` costs the same for each file, however many there are. growth.py [--sizes A,B].

Exits 1 when the target is missed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from measure import RECONCILE, Row, best, report
from validate import make_corpus


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="10000,100000", help="of the directory (default 10000,100000)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts (default 3)")
    args = parser.parse_args()
    small, large = sorted(int(text) for text in args.sizes.split(","))
    with tempfile.TemporaryDirectory() as folder:
        commands = []
        for size in (small, large):
            corpus = Path(folder) / str(size)
            make_corpus(size, corpus)
            commands.append([*RECONCILE, "validate", str(corpus), "--jobs", "1"])
        few, many = best(commands, args.rounds)
    ratio = (many / large) / (few / small)
    sys.exit(report([Row(f"validate for each file, at {large:,} against {small:,}", 1.2, ratio)]))


if __name__ == "__main__":
    main()
