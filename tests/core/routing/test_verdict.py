"""What becomes of an event at a configuration: the decision is the router's, the reason is ours."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.filter.explain import Explainer
from reconciler.core.routing.matching import Matcher, routes_of
from reconciler.core.routing.routing import RoutingIndex
from reconciler.core.routing.trace import ScopeMiss, Way, verdict
from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor, EventDeclaration
from reconciler.model.event import Event

DESCRIPTOR = Descriptor("i", "I", events=(EventDeclaration("declared"),))


def document(name="a", **keys):
    return ConfigDocument({"integration": "i", "name": name, **keys}, name)


def event(kind="build.finished", scope=None, **data):
    return Event(type=kind, source="/x", id="1", data=data, scope=scope or {})


def judge(happened, **keys):
    return verdict(document(**keys), DESCRIPTOR, happened, Explainer())


def test_configuration_that_asks_for_the_type_receives():
    found = judge(event(), events=[{"type": "other"}, {"type": "build.*"}])
    assert (found.way, [f.index for f in found.filters]) == (Way.RECEIVES, [1])


def test_disabled_configuration_is_near_when_the_type_is_its_own():
    found = judge(event(), enabled=False, events=[{"type": "build.*"}])
    assert (found.way, found.is_near) == (Way.DISABLED, True)


def test_other_type_tells_which_it_asks_for():
    found = judge(event("deploy.done"), events=[{"type": "build.*"}])
    assert (found.way, found.types, found.is_near) == (Way.TYPE, ("build.*",), False)


def test_configuration_without_a_list_asks_for_what_the_manifest_declares():
    assert judge(event("declared")).way is Way.RECEIVES


def test_scope_tells_the_key_that_is_missing_and_the_one_that_differs():
    found = judge(event(scope={"team": "web"}), scope={"org": "acme", "team": ["ops", "db"]}, events=[{"type": "**"}])
    assert (found.way, found.missed) == (
        Way.SCOPE,
        (ScopeMiss("org", ("acme",), None), ScopeMiss("team", ("ops", "db"), "web")),
    )


def test_every_filter_of_the_type_is_explained():
    found = judge(event(n=1), events=[{"type": "build.*", "when": "data.n > 1"}, {"type": "**", "when": "data.x == 1"}])
    assert (found.way, [f.when.truth for f in found.filters]) == (Way.WHEN, ["false", "error"])


FILTERS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["a.b", "a.*", "**", "a", "*.b.**"])},
        optional={"when": st.sampled_from(["data.n == 1", "data.m == 1", "data.n", "!has(data.m) && type == 'a.b'"])},
    ),
    max_size=3,
)
SCOPES = st.dictionaries(st.sampled_from(["org", "team"]), st.sampled_from(["x", ["x", "y"]]))
DOCUMENTS = st.fixed_dictionaries({"enabled": st.booleans(), "events": FILTERS, "scope": SCOPES})
EVENTS = st.builds(
    lambda kind, scope, data: Event(type=kind, source="/x", id="1", scope=scope, data=data),
    st.sampled_from(["a.b", "a", "a.c", "a.b.c"]),
    st.dictionaries(st.sampled_from(["org", "team"]), st.sampled_from("xyz")),
    st.fixed_dictionaries({}, optional={"n": st.sampled_from([1, 2]), "m": st.sampled_from([1, "1"])}),
)


@given(st.lists(DOCUMENTS, max_size=4), EVENTS)
def test_verdict_is_the_routers(raw, happened):
    documents = [document(f"c{n}", **keys) for n, keys in enumerate(raw)]
    index, explainer = RoutingIndex(), Explainer()
    for one in documents:
        if one.enabled:
            index.replace(one.id, routes_of(one, DESCRIPTOR))
    reached = {route.config_id for route in Matcher(index).routes(happened)}
    traced = {one.id for one in documents if verdict(one, DESCRIPTOR, happened, explainer).way is Way.RECEIVES}
    assert traced == reached
