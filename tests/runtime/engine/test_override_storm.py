"""A law of the whole engine: whatever happens to files, overrides and the process, what runs is what the model says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.errors import UnknownTarget
from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.testing import Harness

BROKEN = "integration: diary\nname: ["
NAMES = st.sampled_from("ab")
DOCUMENTS = st.fixed_dictionaries(
    {
        "settings": st.fixed_dictionaries({"channel": st.sampled_from(["#x", "#y"])}),
        "enabled": st.sampled_from([True, True, False]),
        "labels": st.sampled_from([{}, {"tier": "1"}]),
    }
)
SELECTORS = st.sampled_from([Selector(), Selector.of(["diary/a"]), Selector.of(labels={"tier": "1"})])
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, DOCUMENTS),
    st.tuples(st.just("write"), NAMES, DOCUMENTS),
    st.tuples(st.sampled_from(["delete", "break"]), NAMES),
    st.tuples(st.just("suspend"), SELECTORS),
    st.tuples(st.just("resume"), SELECTORS),
    st.tuples(st.just("restart")),
)


class Model:
    """What should run: `taken` is the last document that was taken in, which a suspension leaves alone."""

    def __init__(self):
        self.files, self.taken, self.suspensions = {}, {}, set()

    def suspended(self, name):
        documents = [d for d in (self.files.get(name), self.taken.get(name)) if isinstance(d, dict)]
        tier = any(d["labels"] for d in documents)
        return any(s == Selector() or f"diary/{name}" in s.ids or (s.labels and tier) for s in self.suspensions)

    def look(self):
        for name in "ab":
            found = self.files.get(name)
            if not self.suspended(name) and found != BROKEN:
                self.taken[name] = found

    def runs(self):
        self.look()
        return {n: d["settings"]["channel"] for n, d in self.taken.items() if d is not None and d["enabled"]}


def take(step, harness, model, document):
    match step:
        case "write", name, values:
            model.files[name] = values
            harness.write(f"{name}.yaml", document(name, **values))
        case "break", name:
            if name in model.files:
                model.files[name] = BROKEN
                harness.write(f"{name}.yaml", BROKEN)
        case "delete", name:
            if model.files.pop(name, None) is not None:
                harness.delete(f"{name}.yaml")
        case "suspend", selector:
            try:
                harness.manager.engine.overrides.impose(OverrideRequest(OverrideKind.SUSPEND, selector), "alice")
            except UnknownTarget:
                return
            model.suspensions.add(selector)
        case "resume", selector:
            lifted = model.suspensions if selector == Selector() else model.suspensions & {selector}
            if lifted:
                harness.manager.engine.overrides.lift(selector, "bob")
                model.suspensions = model.suspensions - lifted
        case ("restart",):
            harness.stop()
            harness.start()
    harness.settle()


@pytest.mark.slow
@given(steps=st.lists(STEPS, min_size=8, max_size=16))
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_what_runs_is_what_the_model_says(make, doc, steps):
    cls = make()
    with Harness(cls, prune_limit="100%") as harness:
        model = Model()
        for step in steps:
            take(step, harness, model, doc)
            running = harness.manager.engine.configs_of("diary")
            assert {one.name: one.settings.channel for one in running} == model.runs(), (step, model.files)
            assert (harness.manager.engine.instance("diary") is not None) == bool(model.runs())
