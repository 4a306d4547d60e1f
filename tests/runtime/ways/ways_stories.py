"""What is drawn for the laws of two ways: files of every kind, and what may happen to them."""

from hypothesis import strategies as st

FILES = ("a.yaml", "b.yaml", "c.yaml", "t/d.yaml", "t/e.yaml", "t/f.yml", "u/g.yaml", "u/h.yaml")
POLICIES = (
    "",
    '[[folder]]\npath = "t"\nintegrations = ["typed"]\n',
    '[[folder]]\npath = "**"\n[folder.settings.typed.properties.channel]\npattern = "^#"\n',
    '[[folder]]\npath = "u"\nsecrets = []\n',
    "[[folder]\n",
)
INTEGRATIONS = ("typed", "typed", "typed", "bare", "hears", "down")
NAMES = ("a", "b", "c", "d", "e", "f")

_secret = st.sampled_from(["env:WAYS_THERE", "env:WAYS_GONE", "file:t"])
_settings = st.fixed_dictionaries(
    {},
    optional={
        "number": st.sampled_from([0, 2, 2, 4, 3, 66]),
        "channel": st.sampled_from(["#a", "#a", "#full", "no-hash"]),
        "token": st.one_of(_secret.map(lambda uri: {"secret": uri}), st.just("in plain text")),
    },
)
_events = st.sampled_from([[{"type": "note"}], [{"type": "other.*"}], [{"type": "note", "when": "data.n > 1"}], []])
_delivery = st.sampled_from([{"fallback": "typed/a"}, {"retry_for": "1h"}, {"fallback": "typed/nobody"}])
_document = st.fixed_dictionaries(
    {"integration": st.sampled_from(INTEGRATIONS), "name": st.sampled_from(NAMES), "settings": _settings},
    optional={
        "enabled": st.sampled_from([True, False]),
        "labels": st.sampled_from([{"tier": "1"}, {"tier": "2"}]),
        "scope": st.sampled_from([{"team": "x"}, {"team": ["x", "y"]}]),
        "description": st.just("words"),
        "events": _events,
        "message": st.sampled_from([{"title": "{{ event.data.n }}"}, {"title": "{{ event.data.gone.x }}"}]),
        "delivery": _delivery,
    },
)
_wrong = st.one_of(
    st.tuples(
        _document,
        st.sampled_from([{"chanel": 1}, {"settings": {"chanel": 1}}, {"integration": "typd"}, {"enabled": "yes"}]),
    ).map(lambda pair: {**pair[0], **pair[1]}),
)
_documents = st.lists(st.one_of(_document, _document, _document, _document, _wrong), min_size=1, max_size=3)
_text = st.sampled_from(["integration: [", "# nothing\n", "a: 1\n---\n- 2\n"])
_file = st.one_of(_documents, _documents, _documents, _documents, _documents, _text)
_tree = st.dictionaries(st.sampled_from(FILES), _file, min_size=2, max_size=len(FILES))
_changes = st.dictionaries(st.sampled_from(FILES), st.one_of(_file, st.none()), max_size=4)
_policy = st.sampled_from(POLICIES).map(lambda text: {"reconcile.toml": text})
_edits = st.tuples(_changes, st.one_of(st.just({}), st.just({}), _policy)).map(lambda pair: {**pair[0], **pair[1]})
_chapter = st.one_of(
    st.tuples(st.just("restart"), _edits),
    st.tuples(st.just("restart"), _edits),
    st.tuples(st.just("edit"), _edits),
    st.tuples(st.just("secret"), st.sampled_from([None, "x", "y"])),
    st.tuples(st.just("impose"), st.tuples(st.sampled_from(["suspend", "pause"]), st.sampled_from(["typed", "bare"]))),
    st.tuples(st.just("happen"), st.sampled_from([{"n": 1}, {"n": 2}, {}])),
)


def crowd(number, *more):
    """Return a file of many configurations, of which a few have settings that are special, `more` among them."""
    secrets = [{"token": {"secret": uri}} for uri in ("env:WAYS_THERE", "env:WAYS_GONE", "file:t")]
    every = [{"number": 3}, {"number": 66}, *secrets, *more, *[{"number": 2}] * 10]
    return [
        {"integration": "bare" if n % 5 == 0 else "typed", "name": f"n{n}", "settings": every[n % len(every)]}
        for n in range(number)
    ]


_crowds = st.sampled_from([0] * 8 + [40, 300]).map(
    lambda n: {"crowd.yaml": crowd(n, {"token": "in plain text"})} if n else {}
)
_trees = st.tuples(_tree, st.one_of(st.just({}), _policy), _crowds).map(
    lambda all_of: {**all_of[0], **all_of[1], **all_of[2]}
)
stories = st.tuples(_trees, st.sampled_from([None, "x"]), st.lists(_chapter, max_size=4)).map(
    lambda drawn: [("restart", {}), ("secret", drawn[1]), ("restart", drawn[0]), *drawn[2]]
)
"""A start with nothing, then one with a tree of files, then whatever happens."""
