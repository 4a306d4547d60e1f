"""File names that are not text: reported, not loaded, and the watch lives on."""

import os

import pytest

pytestmark = pytest.mark.slow


def make(root, name):
    path = os.fsencode(root) + b"/" + name
    with open(path, "w") as file:
        file.write("integration: diary\nname: bad\n")
    return path


def test_name_that_is_not_utf8_is_reported_and_a_later_edit_is_seen_quickly(site):
    site.write("a", channel="old")
    site.start()
    bad = make(site.root, b"caf\xe9.yaml")
    [found] = site.wait_rule("file-name")
    assert (found.span.file, site.active()) == ("caf\\xe9.yaml", ["a"])
    site.write("a", channel="new")
    site.wait(lambda: site.diary[-1] == "~a {'channel': 'new'}")
    os.unlink(bad)
    site.wait(lambda: not site.engine.diagnostics())
    assert not site.engine._watcher.is_polling


def test_names_that_are_not_utf8_made_over_and_over_hold_nobody_up(site):
    site.write("a", channel="c0")
    site.start()
    for number in range(1, 6):
        for _ in range(20):
            os.unlink(make(site.root, b"\xff\xfe.yaml"))
        os.rename(make(site.root, b"\xfd.yaml"), os.fsencode(site.root) + b"/\xfc")
        site.write("a", channel=f"c{number}")
        site.wait(lambda number=number: site.diary[-1] == f"~a {{'channel': 'c{number}'}}")
    assert site.active() == ["a"]


def test_start_among_names_that_are_not_utf8_loads_the_others(site):
    site.write("a")
    make(site.root, b"\xe9.yaml")
    os.mkdir(os.fsencode(site.root) + b"/\xe9")
    make(os.fsdecode(os.fsencode(site.root) + b"/\xe9"), b"inner.yaml")
    site.start()
    assert site.active() == ["a"]
    assert [d.span.file for d in site.wait_rule("file-name")] == ["\\xe9", "\\xe9.yaml"]
