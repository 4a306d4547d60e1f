"""A source of secrets that never answers: its users wait or go on with what they have, and nobody else notices."""

import threading
from collections import Counter

import pytest

from reconciler.model.state import ConfigState, StateReason, Tristate
from reconciler.runtime.steps.look_ups import MOST_LATE


class Vault:
    """Answers with what it holds, after `opened` where a path hangs, and counts what it was asked for."""

    def __init__(self):
        self.values, self.hanging, self.opened, self.asked = {}, set(), threading.Event(), Counter()

    def check(self, path):
        return None

    def resolve(self, path):
        self.asked[path] += 1
        if path in self.hanging:
            assert self.opened.wait(60)
        if path not in self.values:
            raise SystemExit(f"vault:{path} is not there")
        return self.values[path]


@pytest.fixture
def vault():
    one = Vault()
    yield one
    one.opened.set()


@pytest.fixture
def site(harness, make, vault):
    """A harness whose secrets come from a vault as well."""
    h = harness(make())
    h.start()
    h.manager.engine._tools.secrets._providers["vault"] = vault
    h.manager.engine._controller._rotation._look_ups.deadline = 0.2
    return h


@pytest.fixture
def uses(doc):
    """Make a document that uses a secret of the vault."""
    return lambda name, path=None, **more: doc(name, settings={"token": {"secret": f"vault:{path or name}"}, **more})


def resolved(h, key):
    return next(c for c in h.config(key).conditions if c.type == "SecretsResolved")


def tokens(h):
    return {c.name: c.settings.token.reveal() for c in h.manager.get_configs("diary") if c.settings.token}


def test_secret_that_hangs_while_it_is_looked_at_again_stops_no_pass(site, vault, uses, doc):
    vault.values["a"] = "one"
    site.write("a.yaml", uses("a"))
    vault.hanging.add("a")
    site.settle()
    site.write("b.yaml", doc("b"))
    assert site.state("diary/b") is ConfigState.ACTIVE
    found = resolved(site, "diary/a")
    assert (found.status, found.message) == (Tristate.FALSE, "vault:a was not resolved within 0.2 s")
    assert tokens(site) == {"a": "one"}


def test_secret_that_hangs_is_not_asked_for_again_before_it_has_answered(site, vault, uses):
    vault.values["a"] = "one"
    site.write("a.yaml", uses("a"))
    vault.hanging.add("a")
    for _ in range(5):
        site.settle()
    assert vault.asked["a"] == 2
    vault.values["a"] = "two"
    vault.opened.set()
    site.wait_until(lambda: not any(site.manager.engine._controller._rotation._look_ups._late.values()))
    site.settle()
    assert tokens(site) == {"a": "two"}
    assert resolved(site, "diary/a").status is Tristate.TRUE


def test_new_value_beside_a_secret_that_hangs_is_applied(site, vault, uses):
    vault.values |= {"a": "one", "b": "one"}
    site.write("a.yaml", uses("a"), settle=False)
    site.write("b.yaml", uses("b"))
    vault.hanging.add("a")
    vault.values["b"] = "two"
    site.settle()
    assert tokens(site) == {"a": "one", "b": "two"}


def test_start_that_needs_a_secret_that_hangs_waits_and_holds_up_no_other(site, vault, uses):
    vault.values |= {"a": "one", "b": "one"}
    vault.hanging.add("a")
    site.write("a.yaml", uses("a"), settle=False)
    site.write("b.yaml", uses("b"))
    status = site.config("diary/a")
    assert (status.state, status.reason) == (ConfigState.PENDING, StateReason.SECRET_MISSING)
    assert tokens(site) == {"b": "one"}
    vault.opened.set()
    site.advance(30)
    assert tokens(site) == {"a": "one", "b": "one"}


def test_source_of_which_many_secrets_hang_is_left_alone_and_no_other_one(site, vault, uses, doc):
    paths = [f"p{n:02}" for n in range(4 * MOST_LATE)]
    vault.hanging.update(paths)
    for path in paths:
        site.write(f"{path}.yaml", uses(path), settle=False)
    (site.secrets / "token").write_text("one")
    site.write("b.yaml", doc("b", settings={"token": {"secret": "file:token"}}))
    assert MOST_LATE <= sum(vault.asked.values()) < 2 * MOST_LATE
    assert tokens(site) == {"b": "one"}
    told = {site.trouble(f"diary/{path}").split(": ", 1)[1] for path in paths[-3:]}
    assert all("was not looked up: vault: has not answered in time before" in one for one in told)


def test_source_that_would_end_the_process_is_contained(site, vault, uses):
    site.write("a.yaml", uses("a", "gone"))
    assert site.state("diary/a") is ConfigState.PENDING
    assert site.trouble("diary/a").endswith("vault:gone: its source raised SystemExit")
