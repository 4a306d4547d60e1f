"""What would crash the interpreter or fill the memory is refused before it is built."""

import subprocess
import sys

import pytest

from reconciler.config.yaml.reader import read_documents

LOL = b"a: &a [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + i, 98 + i, b", ".join([b"*%c" % (97 + i)] * 10)) for i in range(9)
)
CASES = {
    "lists in brackets": (b"[" * 30_000, "yaml-limit"),
    "mappings in braces": (b"{" * 30_000, "yaml-limit"),
    "dashes": (b"- " * 30_000, "yaml-limit"),
    "dashes far apart": (b"-  " * 5_000, "yaml-limit"),
    "question marks": (b"? " * 30_000, "yaml-limit"),
    "question marks on lines": (b"? \n ? \n  " * 1_000, "non-string-key"),
    "pairs in brackets": (b"[a: " * 30_000, "yaml-limit"),
    "brackets in a key": (b"? " + b"[" * 900 + b"]" * 900 + b"\n: x", "yaml-limit"),
    "brackets in a small file": (b"[" * 40 + b"]" * 40, "yaml-limit"),
    "indentation": (b"".join(b" " * i + b"a:\n" for i in range(1_000)), "yaml-limit"),
    "indentation by carriage returns": (b"\r".join(b" " * i + b"-" for i in range(170)), "yaml-limit"),
    "33 levels": (b"[" * 33 + b"]" * 33, "yaml-limit"),
    "values": (b"- a\n" * 20_001, "yaml-limit"),
    "directives": (b"%TAG !a! x\n" * 90_000, "yaml-limit"),
    "aliases": (LOL, "yaml-alias"),
    "aliases of a long text": (b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a," * 15_000 + b"]", "yaml-alias"),
    "aliases one in another": (
        b"".join(b"a%d: &a%d [%s]\n" % (i, i, b"*a%d" % (i - 1) if i else b"") for i in range(60)),
        "yaml-limit",
    ),
    "anchor in itself": (b"&a [*a, *a, *a]", "yaml-alias"),
    "anchor in itself, deeper": (b"&a {b: *a, c: {d: *a}}", "yaml-alias"),
    "anchor in its own key": (b"&a {*a : 1}", "non-string-key"),
    "digits": (b"a: " + b"1" * 5_000, "number-range"),
    "hexadecimal digits": (b"a: 0x" + b"f" * 5_000, "number-range"),
}


@pytest.mark.parametrize(("data", "rule"), CASES.values(), ids=CASES.keys())
def test_too_much_is_refused(data, rule):
    result = read_documents(data, "f")
    assert [d.rule for d in result.diagnostics] == [rule]


def test_limits_are_reached_and_not_only_undercut():
    assert read_documents(b"[" * 32 + b"]" * 32, "f").diagnostics == ()
    assert read_documents(b"- a\n" * 19_999, "f").diagnostics == ()
    assert read_documents(b"a: " + b"9" * 100, "f").documents[0].value["a"] == 10**100 - 1


def test_finding_about_depth_stands_where_it_begins():
    (found,) = read_documents(b"a: 1\nb: " + b"[\n" * 40 + b"]" * 40, "f").diagnostics
    assert (found.rule, found.span.line) == ("yaml-limit", 33)


def test_many_templates_without_quotes_are_read_once_for_each():
    data = b"".join(b"a%d: {{ x }}\n" % i for i in range(30))
    assert [bool(d.fix) for d in read_documents(data, "f").diagnostics] == [True] * 30


def test_fixes_end_where_their_proofs_would_read_more_than_the_largest_file():
    data = b"#" * 400_000 + b"\na: {{ x }}\nb: {{ x }}\nc: {{ x }}\n"
    assert [bool(d.fix) for d in read_documents(data, "f").diagnostics] == [True, True, False]


@pytest.mark.slow
@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "[a: ", "{? ", "-  ", "[{"])
def test_interpreter_survives_depth_on_a_small_stack(opening):
    program = (
        "import sys, threading; threading.stack_size(512 * 1024)\n"
        "from reconciler.config.yaml.reader import read_documents\n"
        "data = sys.argv[1].encode()\n"
        "def run():\n"
        "    for times in (15, 31, 99, 1_000, 4_000, 30_000, 200_000):\n"
        "        read_documents(data * times, 'f'); read_documents(b'a:\\n' + data * times, 'f')\n"
        "    print('alive')\n"
        "thread = threading.Thread(target=run); thread.start(); thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, opening], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
