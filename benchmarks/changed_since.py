#!/usr/bin/env python3
"""`reconcile validate --changed-since` with one file changed against a run over everything, and what a plan costs.

changed_since.py [--files N] [--plan-files N] [--rounds N]. Needs git. Exits 1 when a target is missed.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import RECONCILE, Row, best, report
from validate import make_corpus

AUTHOR = [
    "-c",
    "user.name=bench",
    "-c",
    "user.email=bench@example.com",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "gc.auto=0",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000, help="for validate (default 100000)")
    parser.add_argument("--plan-files", type=int, default=10_000, help="for plan (default 10000)")
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts (default 5)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [*changed_since(Path(folder) / "many", args), plan(Path(folder) / "some", args)]
    sys.exit(report(rows))


def changed_since(top, args):
    configs = repository(top, args.files)
    edit(configs)
    whole = [*RECONCILE, "validate", str(configs)]
    changed = [*whole, "--changed-since", "HEAD"]
    for jobs, what in (([], "as called"), (["--jobs", "1"], "--jobs 1")):
        few, many = best([[*changed, *jobs], [*whole, *jobs]], args.rounds, by="wall")
        yield Row(f"one of {args.files:,} files changed, against all, {what}", 0.2, few / many)


def plan(top, args):
    configs = repository(top, args.plan_files)
    edit(configs)
    git(top, "commit", "-qam", "edit")
    command = [*RECONCILE, "plan", "--dir", str(configs), "--from", "HEAD~1"]
    ours, whole = best([command, [*RECONCILE, "validate", str(configs), "--jobs", "1"]], args.rounds)
    return Row(f"plan of one change, {args.plan_files:,} files, against validate --jobs 1", 2.5, ours / whole)


def repository(top, files):
    """Make a repository as a clone has it: one commit, in one pack."""
    configs = top / "configs"
    make_corpus(files, configs)
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-qm", "corpus")
    git(top, "repack", "-adq")
    return configs


def edit(configs):
    file = min(configs.glob("*/*.yaml"))
    file.write_text(file.read_text().replace("red builds", "broken builds"))


def git(folder, *arguments):
    subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    main()
