"""Files in the middle of a change: deleted while they are listed, truncated, written slowly. Nothing flaps."""

import os
import threading

import pytest

pytestmark = pytest.mark.slow


def shown(site, name):
    """Return what anybody could have seen of a configuration, in order, without repetitions."""
    seen = [look[f"diary/{name}"] for look in site.looks if f"diary/{name}" in look]
    return [state for index, state in enumerate(seen) if index == 0 or seen[index - 1] != state]


@pytest.fixture
def slowly(site):
    """Write a file in small pieces, `gap` seconds apart, as a slow copy over the network would."""

    def write(path, content, gap, size=8):
        tick = threading.Event()
        site.clock.let_pass(gap)
        with path.open("w") as file:
            for start in range(0, len(content), size):
                file.write(content[start : start + size])
                file.flush()
                site.clock.let_pass(gap)
                tick.wait(gap)
        site.clock.let_pass(float("inf"))

    return write


def test_file_written_slowly_in_place_is_never_seen_half(site, text, slowly):
    documents = "---\n".join(text(name, channel="old") for name in ("a", "b", "c"))
    (site.root / "a.yaml").write_text(documents)
    site.write("other")
    site.start()
    site.diary.clear()
    site.looks.clear()
    slowly(site.root / "a.yaml", documents.replace("old", "new"), gap=0.03)
    site.wait(lambda: len(site.diary) == 3 and site.engine.idle)
    assert sorted(site.diary) == [f"~{name} {{'channel': 'new'}}" for name in ("a", "b", "c")]
    assert shown(site, "a") == [("valid", True)]


def test_file_written_for_longer_than_anybody_waits_keeps_what_ran(site, text, slowly):
    documents = "---\n".join(text(name, channel="old") for name in ("a", "b", "c"))
    (site.root / "a.yaml").write_text(documents)
    site.start()
    site.diary.clear()
    slowly(site.root / "a.yaml", documents.replace("old", "new"), gap=0.045, size=3)
    came = {f"~{name} {{'channel': 'new'}}" for name in ("a", "b", "c")}
    site.wait(lambda: came <= set(site.diary) and not site.engine.diagnostics() and site.engine.idle)
    assert site.active() == ["a", "b", "c"]
    assert [line for line in site.diary if line[0] != "~"] == []


def test_truncated_file_shows_invalid_and_runs_on_until_it_is_whole_again(site, text):
    site.write("a", "b", channel="old")
    site.start()
    site.diary.clear()
    os.truncate(site.root / "a.yaml", 0)
    site.wait(lambda: site.status("a").stale)
    assert (site.state("a"), site.status("a").reason.value) == ("active", "Invalid")
    (site.root / "a.yaml").write_text(text("a", channel="old"))
    site.wait(lambda: not site.status("a").stale)
    assert site.diary == []


def test_new_place_written_slowly_while_the_old_is_gone_costs_no_call(site, text, slowly):
    site.write("a")
    site.start()
    site.diary.clear()
    content = (site.root / "a.yaml").read_text()
    site.clock.let_pass(0.04)
    (site.root / "a.yaml").unlink()
    slowly(site.root / "b.yaml", content, gap=0.04, size=2)
    site.wait(lambda: site.status("a").file == "b.yaml" and site.engine.idle)
    assert site.diary == []


def test_files_that_vanish_while_they_are_listed_disturb_nobody(site, text):
    names = [f"n{i}" for i in range(5)]
    site.write(*names)
    site.start()
    site.diary.clear()
    done = threading.Event()

    def churn():
        for number in range(400):
            path = site.root / f"churn{number % 7}.yaml"
            path.write_text(text(f"churn{number % 7}"))
            path.rename(site.root / "gone.txt")
        done.set()

    thread = threading.Thread(target=churn)
    thread.start()
    while not done.is_set():
        site.manager.look()
        done.wait(0.002)
    thread.join()
    site.write("n0", channel="after")
    site.wait(lambda: "~n0 {'channel': 'after'}" in site.diary and site.active() == names and site.engine.idle)
    assert [line for line in site.diary if line[1] == "n"] == ["~n0 {'channel': 'after'}"]
    assert site.engine.diagnostics() == ()
