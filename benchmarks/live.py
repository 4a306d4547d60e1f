#!/usr/bin/env python3
"""How long a change takes until it is live: from renaming a file into place until the API shows it active.

live.py [--sizes 100,10000,100000] [--changes N]. Exits 1 when a target is missed.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from daemon import Daemon
from measure import Row, report
from validate import make_corpus

IDLE_SECONDS = 20.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="100,10000,100000", help="of the directory (default 100,10000,100000)")
    parser.add_argument("--changes", type=int, default=200, help="for each size (default 200)")
    args = parser.parse_args()
    sizes = [int(text) for text in args.sizes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        found = {size: measure(Path(folder) / str(size), size, args.changes) for size in sizes}
    sys.exit(report(list(rows(found))))


def rows(found):
    """Return the lines of the result; milliseconds are what a person waits, so they are told as they are."""
    for size, (latencies, idle, memory) in found.items():
        if size <= 10_000:
            yield Row(f"change to live at {size:,} configurations, p50", 100, percentile(latencies, 50), "ms")
            yield Row(f"change to live at {size:,} configurations, p99", 200, percentile(latencies, 99), "ms")
        if size == 10_000:
            yield Row(f"idle with {size:,} configurations, of one core", 1, idle, "%")
        print(f"# {size:,}: p50 {percentile(latencies, 50):.1f} ms, p99 {percentile(latencies, 99):.1f} ms, "
              f"idle {idle:.2f} %, {memory:.0f} MB")  # fmt: skip
    small, large = min(found), max(found)
    if small < large:
        ratio = percentile(found[large][0], 50) / percentile(found[small][0], 50)
        yield Row(f"p50 at {large:,} against {small:,}", 1.5, ratio)


def measure(folder, size, changes):
    folder.mkdir()
    corpus = folder / "corpus"
    make_corpus(size, corpus)
    files = sorted(corpus.glob("*/*.yaml"))
    with Daemon(corpus, folder / "state") as daemon:
        latencies = []
        for n in range(changes):
            file = files[(n * 7919) % size]
            if "enabled: false" not in file.read_text():
                latencies.append(change(daemon, file, n))
        began, used = time.perf_counter(), daemon.cpu()
        time.sleep(IDLE_SECONDS)
        idle = 100 * (daemon.cpu() - used) / (time.perf_counter() - began)
        return latencies, idle, daemon.resident()


def change(daemon, file, number):
    """Change a setting of one file, rename it into place, and return the milliseconds until that is active."""
    path = f"/api/v1/configs/slack/build-notify-{file.stem.partition('-')[2]}"
    before = daemon.get(path)["digest"]
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(re.sub(r'channel: "#\w+-', f'channel: "#c{number}-', file.read_text()))  # also for the second time
    began = time.perf_counter()
    fresh.replace(file)
    while (now := daemon.get(path)) is None or now["digest"] == before or now["state"] != "active":
        if time.perf_counter() - began > 30:
            sys.exit(f"{file} is not live after 30 s: {now}")
    return 1000 * (time.perf_counter() - began)


def percentile(values, percent):
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    main()
