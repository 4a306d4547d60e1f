"""Places in TOML: wherever one says that a value stands, that value stands there."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.tree.toml_places import TomlDocument

TEXT = '''# first
top = 1  # a comment with = and "
"quoted key" . 'sub' = [1, "]", { a = 2, "b.c" = [3,
  4 # four ]
] }, ]
[limits]
max_files = 1_000
[a.b]
s = """
long " ] }
"""
t = \'\'\'it's\'\'\'
when = 1979-05-27 07:32:00
[[folder]]
path = "x"
[folder.settings.slack]
properties.channel.pattern = "^#a-\\"}"
[[folder]]
path = ["y",
"z"]
[[folder.deep]]
v = 1
[[folder.deep]]
v = { w = true }
'''


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def cut(text, span):
    lines = text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def check(text):
    document = TomlDocument(tomllib.loads(text), 1, text=text)
    for path, value in leaves(document.value):
        assert tomllib.loads(f"x = {cut(text, document.span(path, ''))}")["x"] == value
        if isinstance(path[-1], str):
            assert path[-1] in tomllib.loads(f"{cut(text, document.span(path, '', key=True))} = 1")


def test_every_value_stands_where_it_is_said_to():
    check(TEXT)


KEY = st.sampled_from(["a", "b-1", '"q.q"', "'l]'"])
VALUE = st.recursive(
    st.sampled_from(["1", "-2.5", "true", '"x\\"]"', "'y}'", '"""m\n"n\n"""', "1979-05-27"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[ {', '.join(items)} ]"),
        st.tuples(KEY, inner).map(lambda pair: "{ " + " = ".join(pair) + " }"),
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.sampled_from(["[[t]]", "[[t.u]]", "x", "[t.v]"]), VALUE), max_size=6))
def test_places_of_any_toml(parts):
    lines = []
    for index, (kind, value) in enumerate(parts):
        lines.append(f"{kind}\nk{index} = {value}" if kind != "x" else f"k{index}.z = {value}  # ]")
    text = "\n".join(lines)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    check(text)


def test_place_that_is_not_there_is_its_table():
    document = TomlDocument(tomllib.loads(TEXT), 1, text=TEXT)
    assert document.span(("folder", 1, "name_prefix"), "f").line == 18
