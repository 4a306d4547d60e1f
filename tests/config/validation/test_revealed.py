"""Which values are looked for, and for how long."""

import os
import pickle
import subprocess
import sys
import threading

import pytest

from reconciler.config.revealed import Revealed
from reconciler.config.secrets import SecretResolver
from reconciler.model.secret import Secret


def values(revealed, names):
    return [name for name in names if revealed.masked(name) == "***"]


def test_value_is_looked_for_once_it_is_revealed(tmp_path):
    resolver = SecretResolver(tmp_path, {"T": "sesame-open"})
    secret = resolver.resolve({"t": {"secret": "env:T"}}, None).settings["t"]
    assert resolver.revealed.masked("sesame-open") == "sesame-open"
    assert secret.reveal() == "sesame-open"
    assert resolver.revealed.masked("sesame-open") == "***"


@pytest.mark.parametrize(
    ("token", "text", "shown"), [("sesame-open", "sesame-open", "***"), ("abc", "Bearer abc, abc", "***, abc")]
)
def test_format_is_not_part_of_the_secret_where_that_is_long_enough(tmp_path, token, text, shown):
    resolver = SecretResolver(tmp_path, {"T": token})
    resolved = resolver.resolve({"t": {"secret": "env:T", "format": "Bearer {}"}}, None)
    assert resolved.settings["t"].reveal() == f"Bearer {token}"
    assert resolver.revealed.masked(text) == shown


def test_resolving_alone_makes_nothing_known(tmp_path):
    resolver = SecretResolver(tmp_path, {"T": "sesame-open"})
    kept = [resolver.resolve({"t": {"secret": "env:T"}}, {"type": "object"}) for _ in range(3)]
    assert kept[0] == kept[1] == kept[2]
    assert resolver.revealed.masked("sesame-open") == "sesame-open"


def test_witness_hears_of_the_first_time_alone():
    heard = []
    secret = Secret("sesame", heard.append)
    assert [secret.reveal() for _ in range(3)] == ["sesame"] * 3
    assert heard == ["sesame"]


def test_values_that_nobody_holds_are_forgotten_oldest_first():
    revealed = Revealed(kept=2)
    names = [f"sesame-{n}" for n in range(5)]
    held = Secret(names[0], revealed.note)
    held.reveal()
    for name in names[1:]:
        Secret(name, revealed.note).reveal()
    Secret("another-one", revealed.note).reveal()
    assert values(revealed, names) == [names[0], *names[3:]]


def test_value_that_comes_back_is_kept():
    revealed = Revealed(kept=0)
    Secret("sesame-1", revealed.note).reveal()
    again = Secret("sesame-1", revealed.note)
    again.reveal()
    Secret("sesame-2", revealed.note).reveal()
    Secret("sesame-3", revealed.note).reveal()
    assert values(revealed, ["sesame-1", "sesame-2"]) == ["sesame-1"]


def test_nothing_is_left_of_values_that_were_forgotten():
    revealed = Revealed(kept=1)
    for n in range(50):
        Secret(f"sesame+{n}/a-b-c", revealed.note).reveal()
    tables = revealed._anchors, revealed._odd
    assert max(map(len, tables)) <= 2 * 25
    assert len(revealed._known) <= 2


def test_long_text_is_cut_off_without_half_a_value():
    revealed = Revealed()
    kept = revealed.note("sesame-" + "open" * 10)
    text = revealed.masked("x" * (128 * 1024 - 30) + "sesame-" + "open" * 10 + "y" * 10_000_000)
    assert kept is not None
    assert len(text) < 128 * 1024
    assert set(text) == {"x", "…"}


def test_threads_that_reveal_and_look_at_once_miss_nothing():
    revealed, missed = Revealed(kept=3), []

    def work(n):
        for m in range(60):
            secret = Secret(f"sesame-{n}-{m}-end", revealed.note)
            text = f"it is {secret.reveal()}"
            if revealed.masked(text) != "it is ***":
                missed.append(text)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []


def test_values_do_not_leave_the_process():
    revealed = Revealed()
    kept = revealed.note("sesame-open")
    sent = pickle.dumps(revealed)
    assert kept is not None
    assert b"sesame" not in sent
    assert pickle.loads(sent).masked("sesame-open") == "sesame-open"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_child_of_a_fork_waits_for_nobody():
    script = (
        "import os, threading, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "from reconciler.config.revealed import Revealed\n"
        "revealed = Revealed()\n"
        "threading.Thread(target=revealed._lock.acquire).start()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    kept = revealed.note('sesame-open')\n"
        "    os._exit(0 if revealed.masked('sesame-open') == '***' else 1)\n"
        "raise SystemExit(os.waitpid(child, 0)[1])\n"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=20, check=False).returncode == 0
