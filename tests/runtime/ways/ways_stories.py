"""What is drawn for the laws of two ways: files of every kind, and what may happen to them.

Most of what is drawn is well, so that much runs, and what changes later changes something.
"""

from hypothesis import strategies as st

FILES = ("a.yaml", "b.yaml", "c.yaml", "t/d.yaml", "t/e.yaml", "t/f.yml", "u/g.yaml", "u/h.yaml")
POLICIES = (
    "",
    '[[folder]]\npath = "t"\nintegrations = ["typed"]\n',
    '[[folder]]\npath = "**"\n[folder.settings.typed.properties.channel]\npattern = "^#"\n',
    '[[folder]]\npath = "u"\nsecrets = []\n',
    "[[folder]\n",
)
INTEGRATIONS = ("typed",) * 6 + ("bare", "bare", "hears", "hears", "late", "down")
WRONG = ({"chanel": 1}, {"settings": {"chanel": 1}}, {"integration": "typd"}, {"enabled": "yes"}, {"name": "B"})


def mostly(often, seldom, weight=7):
    """Draw what comes often `weight` times for each time that the other comes."""
    return st.sampled_from([True] * weight + [False]).flatmap(lambda yes: often if yes else seldom)


def merged(*parts):
    """Draw mappings, and put them together."""
    return st.tuples(*parts).map(lambda drawn: {key: value for part in drawn for key, value in part.items()})


def crowd(number, *more):
    """Return a file of many configurations, of which a few have settings that are special, `more` among them."""
    secrets = [{"token": {"secret": uri}} for uri in ("env:WAYS_THERE", "env:WAYS_GONE", "file:t")]
    every = [{"number": 3}, {"number": 66}, *secrets, *more, *[{"number": 2}] * 10]
    return [
        {"integration": "bare" if n % 5 == 0 else "typed", "name": f"n{n}", "settings": every[n % len(every)]}
        for n in range(number)
    ]


_secret = mostly(st.sampled_from(["env:WAYS_THERE", "file:t"]), st.just("env:WAYS_GONE"))
_settings = st.fixed_dictionaries(
    {},
    optional={
        "number": mostly(st.sampled_from([0, 2, 6]), st.sampled_from([3, 4, 66])),
        "channel": mostly(st.sampled_from(["#a", "#b"]), st.sampled_from(["#full", "no-hash"])),
        "token": mostly(_secret.map(lambda uri: {"secret": uri}), st.just("in plain text"), 3),
    },
)
_parts = {
    "settings": _settings,
    "enabled": mostly(st.just(True), st.just(False), 2),
    "labels": st.sampled_from([{"tier": "1"}, {"tier": "2"}]),
    "scope": st.sampled_from([{"team": "x"}, {"team": ["x", "y"]}]),
    "description": st.sampled_from(["words", "others"]),
    "events": st.sampled_from(
        [[{"type": "note"}], [{"type": "other.*"}], [{"type": "note", "when": "data.n > 1"}], [], [{"type": "notes"}]]
    ),
    "message": st.sampled_from([{"title": "{{ event.data.n }}"}, {"title": "{{ event.data.gone.x }}"}]),
    "delivery": st.sampled_from([{"fallback": "typed/a0"}, {"retry_for": "1h"}, {"fallback": "typed/nobody"}]),
}


def _document(letter):
    """Draw a document of a file; most names are the file's own."""
    name = mostly(st.integers(0, 3).map(lambda n: f"{letter}{n}"), st.sampled_from(["a0", "b0", "d1"]), 9)
    good = st.fixed_dictionaries({"integration": st.sampled_from(INTEGRATIONS), "name": name}, optional=_parts)
    return mostly(good, merged(good, st.sampled_from(WRONG)), 11)


def _file(name):
    """Draw what a file holds."""
    letter = name.rpartition("/")[2][0]
    texts = st.sampled_from(["integration: [", "# nothing\n", "a: 1\n---\n- 2\n"])
    links = st.tuples(st.just("link"), st.sampled_from(FILES))
    documents = st.lists(_document(letter), min_size=1, max_size=4, unique_by=lambda one: str(one["name"]))
    return mostly(mostly(documents, st.lists(_document(letter), min_size=2, max_size=3)), st.one_of(texts, links), 11)


def _change(name):
    """Draw what becomes of a file: another one, none, one in another place, or a change of one of its documents."""
    change = st.one_of(*(part.map(lambda value, key=key: {key: value}) for key, part in _parts.items()))
    tweak = st.tuples(st.just("tweak"), st.integers(0, 3), mostly(change, st.sampled_from(WRONG), 5))
    return mostly(tweak, st.one_of(_file(name), st.none(), st.tuples(st.just("swap"), st.sampled_from(FILES))), 3)


_policy = st.sampled_from(POLICIES).map(lambda text: {"reconcile.toml": text})
_policies = mostly(st.just({}), _policy, 5)
_crowds = mostly(
    st.just({}), st.sampled_from([20, 20, 20, 300]).map(lambda n: {"crowd.yaml": crowd(n, {"token": "plain"})}), 3
)
_tree = st.fixed_dictionaries({}, optional={name: _file(name) for name in FILES})
_edits = merged(st.fixed_dictionaries({}, optional={name: _change(name) for name in FILES}), _policies)
_gone = st.sampled_from([{name: None for name in FILES[2:]}, {"crowd.yaml": None}])
_chapter = st.one_of(
    st.tuples(st.just("restart"), _edits),
    st.tuples(st.just("edit"), mostly(_edits, _gone)),
    st.tuples(st.just("secret"), st.sampled_from([None, "x", "y"])),
    st.tuples(
        st.just("impose"),
        st.tuples(st.sampled_from(["suspend", "pause", "resume"]), st.sampled_from(["typed", "bare"])),
    ),
    st.tuples(st.sampled_from(["turn", "approve"]), st.none()),
    st.tuples(st.just("lose"), st.booleans()),
    st.tuples(st.just("wait"), st.just(25)),
    st.tuples(st.just("happen"), st.sampled_from([{"n": 1}, {"n": 2}, {}])),
    st.tuples(st.just("restart"), _edits),
)
_more = st.lists(_chapter, min_size=1, max_size=5)
stories = st.tuples(st.sampled_from([None, "x"]), merged(_tree, _policies, _crowds), _more).map(
    lambda drawn: [("restart", {}), ("secret", drawn[0]), ("restart", drawn[1]), *drawn[2]]
)
"""A start with nothing, then one with a tree of files, then whatever happens."""
