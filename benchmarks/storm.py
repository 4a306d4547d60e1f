#!/usr/bin/env python3
"""`kill -9` at random moments of an editing storm with events coming in. storm.py [--kills N] [--seed N] [--fresh].

After each restart the daemon must converge to exactly what the files ask for (a fresh look at the directory says what
that is), every accepted event must arrive under one idempotency key, and no hook may be up twice. Exits 1 otherwise.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from statistics import median

from measure import Row, report
from storm_daemon import SITE, Daemons

sys.path.insert(0, str(SITE))  # before the catalogue looks for what is installed

from storm_files import ANCHOR, Files

from reconciler.testing import Answer, RecordingServer

PATIENCE = 30.0
"""How long a daemon may take to converge, in seconds."""
LONGEST = 600.0
"""How long the end may take, in seconds: more than the longest backoff between two attempts, which is 300."""
EARLY = 0.4
"""Of so many lives the end comes at any moment from their very beginning; the others have converged before."""


class Storm:
    """Lives of one daemon after the other, and what is known of them."""

    def __init__(self, folder, seed, *, fresh):
        self.rng = random.Random(seed)
        self.server = RecordingServer()
        self.daemons = Daemons(folder, fresh=fresh)
        self.files = Files(folder / "configs", self.rng, self.server.url + "/in")
        self.counts = Counter()
        self.accepted = {}
        self.seconds = []
        self.problems = []
        self._waiting = []
        self._sent = 0
        self._journal = Journal(folder / "journal")

    def life(self, *, last=False):
        """Start, storm, check what came of it, storm again, kill."""
        self.daemons.start()
        began = time.monotonic()
        if not last and self.rng.random() < EARLY:
            self.storm(began + self.rng.uniform(0.0, 0.8))
        else:
            self.storm(began + self.rng.uniform(0.0, 0.3))
            self.check()
            self.storm(time.monotonic() + (0.0 if last else self.rng.uniform(0.0, 0.3)))
        if not last:
            self.daemons.kill()
            self.counts["kills"] += 1

    def storm(self, until):
        """Edit files and send events, some of them in vain, until a moment."""
        while time.monotonic() < until:
            self.files.edit()
            self.counts["edits"] += 1
            if self.rng.random() < 0.4:
                self._sent += 1
                self._waiting.append(f"e{self._sent}")
            if self.rng.random() < 0.005:
                self.server.answer(Answer(503, headers={"retry-after": "1"}))
            self.send()
            time.sleep(self.rng.uniform(0.0, 0.03))

    def send(self):
        """Send what was not accepted yet, in order, as a careful sender does: again under the same id."""
        while self._waiting:
            event = {"specversion": "1.0", "type": "storm.came", "source": "/storm", "id": self._waiting[0]}
            try:
                status, answer = self.daemons.ask("POST", "/events", event)
            except OSError:
                return
            if status != 202:
                return
            self.accepted[self._waiting.pop(0)] = answer["receipts"][0]["sequence"]

    def check(self):
        """Leave the files alone: within bounds the daemon does exactly what they ask for."""
        began = time.monotonic()
        wrong = ["it was never ready"]
        if self.daemons.wait_ready(PATIENCE):
            while wrong and time.monotonic() - began < PATIENCE:
                self.send()
                items = {item["id"]: item for item in self.daemons.ask("GET", "/api/v1/configs?limit=100")[1]["items"]}
                wrong = [*self.files.differences(items), *self._journal.differences(self.daemons.life, items)]
                wrong = wrong or self.files.unwritten(items, self.daemons.written())
                time.sleep(0.01 if wrong else 0)
        if wrong:
            self.counts["not converged"] += 1
            self.problems += [f"life {self.counts['kills'] + 1}: {sentence}" for sentence in wrong]
            return
        self.files.checked(items)
        self.seconds.append(time.monotonic() - began)

    def end(self):
        """Let everything that was accepted arrive, and end the last daemon in good order.

        What the queue still holds is not lost: after some failures an attempt may be minutes away, and what is behind
        it waits for its turn. What it does not hold any more has arrived, or never will.
        """
        deadline = time.monotonic() + LONGEST
        queue = self.queue()
        while self.lost() and queue["waiting"] + queue["pending"] and time.monotonic() < deadline:
            time.sleep(0.5)
            queue = self.queue()
        print(f"the queue at the end: {queue}")
        self.counts["unclean"] += self.daemons.end() != 0
        self._journal.read()
        self.counts["doubled"] = self._journal.doubled

    def queue(self):
        """Return what the daemon says of its queue."""
        return self.daemons.ask("GET", "/api/v1/status")[1]["queue"]

    def close(self):
        """Leave nothing behind, however it went."""
        self.daemons.close()
        self.server.close()

    def arrivals(self):
        """Return event id and idempotency key of every request that came whole, in order: some senders were killed."""
        whole = [r for r in self.server.requests if len(r.body) == int(r.headers["content-length"])]
        return [(request.json()["id"], request.headers["idempotency-key"]) for request in whole]

    def lost(self):
        """Return the accepted events that never arrived."""
        return self.accepted.keys() - {event for event, _ in self.arrivals()}

    def rows(self):
        """Return the table."""
        arrivals = self.arrivals()
        keys, owners = defaultdict(set), defaultdict(set)
        for event, key in arrivals:
            keys[event].add(key)
            owners[key].add(event)
        first = [self.accepted[event] for event in dict.fromkeys(e for e, _ in arrivals) if event in self.accepted]
        shaky = sum(len(found) > 1 for found in (*keys.values(), *owners.values()))
        rows = [
            Row("lives that did not converge to what the files ask for", 0, self.counts["not converged"], ""),
            Row("accepted events that did not arrive", 0, len(self.lost()), ""),
            Row("idempotency keys that were not the event's own, always", 0, shaky, ""),
            Row("events out of order", 0, sum(a > b for a, b in pairwise(first)), ""),
            Row("hooks that were up twice", 0, self.counts["doubled"], ""),
            Row("last daemon that did not end in good order", 0, self.counts["unclean"], ""),
        ]
        print(
            f"{self.counts['kills']} kills, {self.counts['edits']} edits, {len(self.accepted)} events accepted; "
            f"{len(arrivals) - len(keys)} deliveries came again. A check took a median of "
            f"{median(self.seconds or [0]):.2f} s, at most {max(self.seconds, default=0):.2f} s."
        )
        return rows


class Journal:
    """What the integration wrote down, replayed for each life."""

    def __init__(self, path):
        self._opened = path.open()
        self.doubled = 0
        self._up = defaultdict(lambda: defaultdict(list))
        self._initialized = Counter()

    def read(self):
        """Take in what was added."""
        while line := self._opened.readline():
            life, what, name, serial = json.loads(line)
            if what in {"enabled", "up"}:
                found = self._up[life][what, name]
                found.append(serial)
                self.doubled += len(found) > 2  # the new one starts before the old one stops
            elif what in {"disabled", "down"}:
                found = self._up[life]["enabled" if what == "disabled" else "up", name]
                if serial in found:
                    found.remove(serial)
                elif what == "disabled":
                    self.doubled += 1
            elif what in {"initialize", "shutdown"}:
                self._initialized[life] += 1 if what == "initialize" else -1
                self.doubled += self._initialized[life] not in {0, 1}
            elif what == "doubled":
                self.doubled += 1

    def differences(self, life, items):
        """Return how what the code in a life was told differs from what the API says."""
        self.read()
        active = {key.partition("/")[2] for key, i in items.items() if i["digest"] and key != ANCHOR}
        wrong = []
        for what in ("enabled", "up"):
            told = {name for (kind, name), found in self._up[life].items() if kind == what and len(found) == 1}
            more = {name for (kind, name), found in self._up[life].items() if kind == what and len(found) > 1}
            if told != active or more:
                wrong.append(f"{what}: {sorted(told)}, several times {sorted(more)}; active are {sorted(active)}")
        if self._initialized[life] != bool(active):
            wrong.append(f"initialized {self._initialized[life]} times with {len(active)} active")
        return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="how many (default 50)")
    parser.add_argument("--seed", type=int, default=1, help="of the edits and the moments (default 1)")
    parser.add_argument("--fresh", action="store_true", help="a new interpreter for each life; slower")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storm = Storm(Path(folder), args.seed, fresh=args.fresh)
        try:
            for _ in range(args.kills):
                storm.life()
            storm.life(last=True)
            storm.end()
        finally:
            storm.close()
        code = report([Row("kills", args.kills, storm.counts["kills"], "", at_least=True), *storm.rows()])
        for problem in storm.problems[:20]:
            print(problem)
        if code:
            print(f"the daemons said:\n{(Path(folder) / 'daemon.log').read_text()[-4000:]}")
    sys.exit(code)


if __name__ == "__main__":
    main()
