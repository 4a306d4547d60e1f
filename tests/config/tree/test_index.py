"""What an index makes of files that come, go and change places between two commits."""

import pytest

from reconciler.config.tree.index import Index
from reconciler.config.tree.snapshot import Claim, FileState
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Span


def state(file, name="a", digest="d"):
    document = ConfigDocument({"integration": "x", "name": name}, digest)
    return FileState((Claim(document.id, 1, Span(file), document),))


@pytest.fixture
def index():
    index = Index()
    index.put("one.yaml", state("one.yaml"))
    assert index.commit() == ({"x/a"}, frozenset())
    return index


def test_document_in_another_file_of_one_commit_moves_and_does_not_change(index):
    index.drop("one.yaml")
    index.put("two.yaml", state("two.yaml"))
    assert index.commit() == (frozenset(), {"x/a"})
    assert index.desired["x/a"].file == "two.yaml"


def test_document_that_came_and_went_within_one_commit_was_never_there(index):
    index.put("two.yaml", state("two.yaml", "b"))
    index.drop("two.yaml")
    index.commit()
    assert [*index.desired] == ["x/a"]


def test_new_document_that_changed_before_the_commit_is_what_it_said_last(index):
    index.put("two.yaml", state("two.yaml", "b", "before"))
    index.put("two.yaml", state("two.yaml", "b", "after"))
    index.commit()
    assert index.desired["x/b"].document.digest == "after"


def test_new_document_that_another_file_names_too_before_the_commit_is_a_duplicate(index):
    index.put("two.yaml", state("two.yaml", "b"))
    index.put("three.yaml", state("three.yaml", "b"))
    assert index.commit()[0] == {"x/b"}
    assert index.desired["x/b"].presence == "duplicate"
