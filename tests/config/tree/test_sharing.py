"""Documents are packed with what they say alike as one object; they come out as they went in."""

import copy
import json
import marshal

from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.tree.kept_form import pack, unpack
from reconciler.config.tree.sharing import Sharing

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
)
DOCUMENTS = st.dictionaries(st.sampled_from(["events", "settings", "scope", "name"]), VALUES)


def written(value):
    """Return what tells apart whatever differs in type, order or value."""
    return marshal.dumps(json.loads(json.dumps(value)), 2), repr(value)


@given(st.lists(DOCUMENTS, max_size=6))
def test_shared_documents_are_equal_in_type_and_order(documents):
    before, sharing = copy.deepcopy(documents), Sharing()
    shared = [sharing.shared(document) for document in documents]
    assert [written(one) for one in shared] == [written(one) for one in before]
    assert documents == before


def test_equal_parts_are_one_object_and_unequal_ones_are_not():
    sharing = Sharing()
    events = [{"type": "build.done", "when": "data.ok"}]
    one = sharing.shared({"name": "a", "events": events, "settings": {"token": {"secret": "env:A"}, "n": [1]}})
    two = sharing.shared(
        copy.deepcopy({"name": "b", "events": events, "settings": {"token": {"secret": "env:A"}, "n": [True]}})
    )
    assert one["events"] is two["events"]
    assert one["settings"]["token"] is two["settings"]["token"]
    assert (one["settings"]["n"], two["settings"]["n"]) == ([1], [True])
    assert type(two["settings"]["n"][0]) is bool


def test_number_without_room_in_the_form_of_keys_is_kept_as_it_is():
    document = {"settings": {"big": [10**30], "small": [1]}}
    assert Sharing().shared(document) == document


def test_pack_leaves_out_files_of_integrations_that_are_judged_otherwise_now():
    files = [
        (f"{name}.yaml", b"seen", b"content", True, [(1, 1, 1, 1, 2, "digest", {"integration": name, "name": "a"})])
        for name in ("mail", "chat")
    ]
    packed = pack(files)
    assert list(unpack(packed, {"mail", "chat"})) == ["mail.yaml", "chat.yaml"]
    assert list(unpack(packed, {"chat"})) == ["chat.yaml"]
    assert unpack(packed, set()) == {}
