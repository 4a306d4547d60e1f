"""validate_paths: what it counts, where it says findings stand, and that processes change nothing."""

import os
import signal
from pathlib import Path

import pytest

from reconciler.config.places import display_path, display_prefix
from reconciler.config.run import workers as run_workers
from reconciler.config.run.run import RunOptions, validate_paths
from reconciler.model.errors import ReconcileError, RootUnreadable


@pytest.fixture
def check(world, monkeypatch):
    monkeypatch.chdir(world.base)

    def check(*paths, jobs=1):
        chosen = [Path(p) for p in paths] or [Path("configs")]
        return validate_paths(chosen, RunOptions(jobs=jobs), validator=world.validator)

    return check


def places(result):
    return [(d.rule, d.span.file, d.span.line) for d in result.diagnostics]


def test_clean_directory_is_counted(world, check):
    world.write("a.yaml", "one", "two")
    world.write("sub/b.yml", "three")
    world.write("_b.yaml", "no")
    result = check()
    assert (result.diagnostics, result.files, result.configs) == ((), 2, 3)


def test_findings_stand_relative_to_where_the_user_stands(world, check, monkeypatch):
    world.raw("sub/a.yaml", "[")
    world.raw("reconcile.toml", "[")
    (world.root / "b.yaml").mkdir()
    names = ["b.yaml", "reconcile.toml", "sub/a.yaml"]
    assert [d.span.file for d in check().diagnostics] == [f"configs/{n}" for n in names]
    assert [d.span.file for d in check(world.root).diagnostics] == [f"configs/{n}" for n in names]
    monkeypatch.chdir(world.root)
    assert [d.span.file for d in check(".").diagnostics] == names
    monkeypatch.chdir(world.root / "sub")
    assert [d.span.file for d in check("..").diagnostics] == [f"../{n}" for n in names]


@pytest.mark.parametrize(
    ("path", "shown"),
    [("a/b", "a/b"), ("./a//b/", "a/b"), ("/here/a", "a"), ("/here", "."), ("../x", "../x"), ("/x", "/x")],
)
def test_path_is_shown_as_one_would_write_it_here(path, shown):
    assert display_path(Path(path), "/here") == shown
    assert display_prefix(Path(path), "/here") == ("" if shown == "." else shown + "/")


def test_duplicates_are_errors_at_both_names(world, check):
    world.write("a.yaml", "one")
    world.raw("b.yaml", "# two\n\nintegration: x\nname: one\n")
    result = check()
    assert [(d.rule, d.span.file, d.span.line) for d in result.diagnostics] == [
        ("duplicate-id", "configs/a.yaml", 2),
        ("duplicate-id", "configs/b.yaml", 4),
    ]
    assert result.diagnostics[0].related[0].span == result.diagnostics[1].span


def test_two_documents_of_a_file_with_one_id_are_duplicates(world, check):
    world.write("a.yaml", "one", "one")
    assert [p[2] for p in places(check())] == [2, 5]


def test_fallback_that_is_nowhere_is_a_warning_in_a_directory_alone(world, check):
    world.write("a.yaml", "one", extra="delivery: {fallback: x/two}\n")
    world.write("b.yaml", "three", extra="delivery: {fallback: x/one}\n")
    assert places(check()) == [("dangling-fallback", "configs/a.yaml", 3)]
    assert places(check("configs/a.yaml")) == []


def test_each_directory_is_a_root_of_its_own(world, check):
    world.write("prod/a.yaml", "one")
    world.write("test/a.yaml", "one")
    world.raw("test/reconcile.toml", "[limits]\nmax_files = 0\n")
    assert places(check("configs/prod", "configs/test")) == [("invalid-value", "configs/test/reconcile.toml", 2)]


def test_single_file_is_checked_alone(world, check):
    world.write("a.yaml", "one")
    world.raw("b.yaml", "[")
    assert check("configs/a.yaml").files == 1
    assert [p[1] for p in places(check("configs/b.yaml", "configs/a.yaml"))] == ["configs/b.yaml"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("_a.yaml", "a file whose name begins with _ is never loaded"),
        (".a.yaml", "a file whose name begins with . is never loaded"),
        ("_a.test.yaml", "a file whose name begins with _ is never loaded"),
    ],
)
def test_single_file_with_a_skipped_name_is_skipped_with_a_word(world, check, name, reason):
    world.raw(name, "[")
    result = check(f"configs/{name}")
    assert (result.files, result.diagnostics) == (0, ())
    assert result.notes == (f"configs/{name} is not checked: {reason}",)


def test_directory_without_configurations_is_told(world, check):
    (world.base / "empty").mkdir()
    result = check("empty")
    assert (result.files, result.failed) == (0, False)
    assert result.notes == ("empty holds no configurations: they are in *.yaml and *.yml files",)


def test_single_settings_file_is_checked(world, check):
    world.raw("reconcile.toml", "[")
    assert places(check("configs/reconcile.toml")) == [("toml-syntax", "configs/reconcile.toml", 1)]


def test_fifo_given_by_name_does_not_block(world, check):
    os.mkfifo(world.root / "a.yaml")
    assert places(check("configs/a.yaml")) == [("unreadable-file", "configs/a.yaml", 1)]
    assert places(check()) == [("unreadable-file", "configs/a.yaml", 1)]


def test_dangling_link_and_file_out_of_the_root_are_findings(world, check):
    (world.root / "a.yaml").symlink_to("nowhere")
    (world.root / "b.yaml").symlink_to("/etc/passwd")
    world.write("_real.yaml", "one")
    (world.root / "c.yaml").symlink_to("_real.yaml")
    result = check()
    assert [p[1] for p in places(result)] == ["configs/a.yaml", "configs/b.yaml"]
    assert (result.files, result.configs) == (3, 1)


def test_name_that_is_not_utf8_is_a_finding(world, check):
    os.close(os.open(os.fsencode(world.root) + b"/\xe9.yaml", os.O_CREAT))
    assert places(check()) == [("file-name", "configs/\\xe9.yaml", 1)]


@pytest.mark.parametrize("path", ["nothing", "nothing/a.yaml"])
def test_missing_path_ends_the_run(check, path):
    with pytest.raises(RootUnreadable, match=f"{path} does not exist"):
        check("configs", path)


def test_root_that_is_a_link_is_followed(world, check):
    world.raw("a.yaml", "[")
    (world.base / "link").symlink_to("configs")
    assert [p[1] for p in places(check("link"))] == ["link/a.yaml"]


def test_limit_of_files_is_kept(world, check):
    world.raw("reconcile.toml", "[limits]\nmax_files = 1\n")
    world.write("a.yaml", "one")
    world.write("b.yaml", "two")
    result = check()
    assert (result.files, places(result)) == (1, [("validation-limit", "configs/reconcile.toml", 1)])


def test_garbage_collection_is_on_again(world, check):
    import gc

    check()
    assert gc.isenabled()


# --- processes ------------------------------------------------------------------------------------------------------


def test_processes_find_the_same_as_one(world, check, alone):
    for i in range(90):
        world.write(f"{i % 5}/f{i}.yaml", f"n{i % 80}", extra="bad: 1\n" if i % 7 == 0 else "")
    one, three = check(jobs=1), check(jobs=3)
    assert one == three
    assert (one.files, len(one.diagnostics)) == (90, 13 + 20)


def test_worker_that_dies_is_a_sentence_not_a_hang(world, check, alone):
    for i in range(60):
        world.write(f"f{i}.yaml", f"n{i}")
    parent, checked = os.getpid(), world.validator.check

    def deadly(document, file, bounds=None):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return checked(document, file)

    world.validator.check = deadly
    with pytest.raises(ReconcileError, match="--jobs 1"):
        check(jobs=2)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_interrupt_leaves_no_process_behind():
    def work(share):
        if share == "here":
            raise KeyboardInterrupt
        signal.pause()

    with pytest.raises(KeyboardInterrupt):
        run_workers.spread(["here", "there", "there"], work)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_large_result_passes_through_the_pipe():
    assert run_workers.spread([1, 2], lambda n: "x" * (n << 20)) == ["x" * (1 << 20), "x" * (2 << 20)]


def test_each_turn_falls_to_one_process():
    turns = run_workers.Turns(run_workers.Turns.MOST)
    taken = run_workers.spread(["here", "there", "there"], lambda share: list(turns))
    turns.close()
    assert sorted(turn for own in taken for turn in own) == list(range(run_workers.Turns.MOST))


@pytest.mark.parametrize(
    ("jobs", "files", "expected"), [(1, 10**5, 1), (3, 10, 3), (8, 2, 2), (None, 1999, 1), (0, 10, 1)]
)
def test_processes_are_used_where_they_pay(jobs, files, expected, alone):
    assert run_workers.how_many(jobs, files) == expected
