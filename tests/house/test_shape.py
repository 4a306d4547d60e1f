"""The shape of modules: their size, their docstrings, and nothing of the machine they were written on."""

import ast
import re

from house import PACKAGES, ROOT, modules, tracked

MOST_LINES = 400
PLACES = re.compile(r"(?<![\w/.])/(?:work|root|Users|home/[a-z][a-z0-9_-]*)/[\w.-]+")


def lines(path):
    return path.read_text(encoding="utf-8").count("\n")


def test_modules_are_short():
    assert [str(path.relative_to(ROOT)) for path in modules() if lines(path) > MOST_LINES] == []


def test_modules_say_what_they_are():
    bare = [path for path in modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert [str(path.relative_to(ROOT)) for path in bare] == []


def test_tests_are_short_too():
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if lines(path) > MOST_LINES] == []


def test_no_file_names_a_place_on_a_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        for match in PLACES.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_packages_say_that_they_are_typed():
    assert (PACKAGES[0] / "py.typed").exists()


def test_test_files_have_names_of_their_own():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)
