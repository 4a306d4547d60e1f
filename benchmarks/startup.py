#!/usr/bin/env python3
"""How long `reconcile` takes to start, as multiples of `python -c pass`. startup.py [--rounds N].

Exits 1 when a target is missed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from measure import NOTHING, RECONCILE, Row, best, report

CONFIG = """\
integration: webhook
name: example
settings:
  url: https://hooks.example.com/in
events:
  - type: build.finished
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="of which the best counts (default 20)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.yaml"
        file.write_text(CONFIG, encoding="utf-8")
        nothing, version, validate = best(
            [NOTHING, [*RECONCILE, "--version"], [*RECONCILE, "validate", str(file)]], args.rounds, by="wall"
        )
    rows = [
        Row("reconcile --version, against python -c pass", 6, version / nothing),
        Row("reconcile validate of one file, against python -c pass", 20, validate / nothing),
    ]
    sys.exit(report(rows))


if __name__ == "__main__":
    main()
