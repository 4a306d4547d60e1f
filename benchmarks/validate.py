#!/usr/bin/env python3
"""`reconcile validate` against the floor and against check-jsonschema: ratios measured in one run.

validate.py [--files N] [--peer-files N] [--full] [--rounds N]. Exits 1 when a target is missed.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from measure import RECONCILE, Row, best, peak_memory, report, run

HERE = Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000, help="for the floor and for memory (default 10000)")
    parser.add_argument("--peer-files", type=int, default=2_000, help="for check-jsonschema (default 2000)")
    parser.add_argument("--full", action="store_true", help="check-jsonschema on all the files; takes minutes")
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts (default 5)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(report(measure(Path(folder), args)))


def measure(folder, args):
    corpus, rich, schema = folder / "corpus", folder / "rich", folder / "schema.json"
    make_corpus(args.files, corpus)
    make_corpus(args.files, rich, "--rich")
    run([*RECONCILE, "schema", "--output", str(schema)])
    what = f"{args.files:,} files"
    rows = [
        Row(f"validate --jobs 1 with every check, {what}, against the floor", 1.8, over_floor(corpus, schema, args)),
        Row("the same with messages, more filters, fallbacks", 1.8, over_floor(rich, schema, args)),
        Row(f"peak memory of all processes, {what}", 250, peak_memory([*RECONCILE, "validate", str(rich)]), "MB"),
    ]
    return [*rows, against_peer(folder, corpus, schema, args)]


def over_floor(corpus, schema, args):
    """Return how many times the floor's processor time `validate` takes, with all that it checks by default."""
    floor = [sys.executable, str(HERE / "floor.py"), str(corpus), str(schema)]
    floor_time, our_time = best([floor, [*RECONCILE, "validate", str(corpus), "--jobs", "1"]], args.rounds)
    return our_time / floor_time


def against_peer(folder, corpus, schema, args):
    count = args.files if args.full else args.peer_files
    if count != args.files:
        corpus = folder / "smaller"
        make_corpus(count, corpus)
    peer = shutil.which("check-jsonschema") or str(Path(sys.executable).with_name("check-jsonschema"))
    theirs = [peer, "--schemafile", str(schema), *map(str, sorted(corpus.glob("*/*.yaml")))]
    (our_time,) = best([[*RECONCILE, "validate", str(corpus)]], args.rounds, by="wall")
    their_time = min(run(theirs).wall for _ in range(1 if args.full else 2))
    cores = len(os.sched_getaffinity(0))
    what = f"times as fast as check-jsonschema, {count:,} files, {cores} cores"
    return Row(what, 18, their_time / our_time, at_least=True)


def make_corpus(count, folder, *more):
    run([sys.executable, str(HERE / "make_corpus.py"), str(count), str(folder), *more])


if __name__ == "__main__":
    main()
