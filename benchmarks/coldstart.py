#!/usr/bin/env python3
"""How long a start takes until `/readyz`, against `validate` of the same directory: coldstart.py [--files N] [--rich].

Every configuration of the directory is enabled. The targets are against one process of `validate`; what it is against
`validate` as a user calls it (as many processes as pay) is told beside them, and the processor time of the daemon
itself. Exits 1 when a target is missed.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from daemon import Daemon
from measure import RECONCILE, Row, best, report
from validate import make_corpus


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000, help="default 10000")
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts (default 3)")
    parser.add_argument("--rich", action="store_true", help="configurations with messages, more filters and fallbacks")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(report(measure(Path(folder), args)))


def measure(folder, args):
    corpus, state = folder / "corpus", folder / "state"
    make_corpus(args.files, corpus, *(["--rich"] if args.rich else []))
    for file in corpus.glob("*/*.yaml"):
        file.write_text(file.read_text().replace("enabled: false", "enabled: true"))
    validate = [*RECONCILE, "validate", str(corpus)]
    one, usual = best([[*validate, "--jobs", "1"], validate], args.rounds, by="wall")
    cold, again = [], []
    for _ in range(args.rounds):
        shutil.rmtree(state, ignore_errors=True)
        cold.append(start(corpus, state, live=True))
        again.append(start(corpus, state))
    many = f"{args.files:,} configurations"
    print(f"# validate: {one:.2f} s in one process, {usual:.2f} s as a user calls it")
    for what, starts in (("cold start", cold), ("restart", again)):
        (wall, cpu), ratio = min(starts), min(starts)[0] / usual
        print(f"# {what}: {wall:.2f} s, {cpu:.2f} s of processor time; {ratio:.1f} x validate as a user calls it")
    return [
        Row(f"cold start of {many}, against validate --jobs 1", 2.5, min(cold)[0] / one),
        Row(f"restart with nothing changed, {many}, against validate --jobs 1", 1, min(again)[0] / one),
    ]


def start(corpus, state, *, live=False):
    """Start a daemon; returns how long it took, and its processor time until then. `live`: it is not ended at once.

    A daemon writes down what files say for its next start once it is ready; who restarts one has had it for a while.
    """
    with Daemon(corpus, state) as daemon:
        found = daemon.ready_after, daemon.cpu()
        deadline = time.monotonic() + 10
        while live and not (state / "read.cache").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return found


if __name__ == "__main__":
    main()
