"""What stands where a file should: it is reported, what it held runs on, nothing blocks, and it heals by itself."""

import os
import socket

import pytest

pytestmark = pytest.mark.slow


def fifo(path):
    os.mkfifo(path)


def bound_socket(path):
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


def dangling_link(path):
    path.symlink_to("nowhere.yaml")


def link_loop(path):
    path.symlink_to("other-end")
    path.with_name("other-end").symlink_to(path.name)


def link_to_itself(path):
    path.symlink_to(path.name)


def link_out_of_the_root(path):
    (path.parent.parent / "outside.yaml").write_text("integration: diary\nname: outside\n")
    path.symlink_to("../outside.yaml")


def link_to_an_endless_device(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir()


def device(path):
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero, which has no end
    except PermissionError:
        pytest.skip("only root can make devices")


ODD = [fifo, bound_socket, dangling_link, link_loop, link_to_itself, link_out_of_the_root, link_to_an_endless_device]
ODD += [folder, device]


@pytest.mark.parametrize("make", ODD, ids=lambda f: f.__name__)
def test_file_that_becomes_something_else_runs_on_and_heals(site, make):
    site.write("a", "b", channel="old")
    site.start()
    site.diary.clear()
    path = site.root / "a.yaml"
    with site.clock.at_once():
        path.unlink()
        make(path)
    site.wait(lambda: site.status("a").stale)
    status = site.status("a")
    assert (status.state.value, status.reason.value) == ("active", "Unreadable")
    assert [(d.rule, d.span.file) for d in site.engine.diagnostics()] == [("unreadable-file", "a.yaml")]
    site.write("b", channel="new")
    site.wait(lambda: site.diary == ["~b {'channel': 'new'}"])
    with site.clock.at_once():
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        site.write("a", channel="mended")
    site.wait(lambda: site.diary[-1] == "~a {'channel': 'mended'}" and not site.status("a").stale)
    assert "-a" not in site.diary


@pytest.mark.parametrize("make", ODD, ids=lambda f: f.__name__)
def test_start_among_odd_files_is_not_held_up(site, make):
    site.write("b")
    make(site.root / "a.yaml")
    site.start()
    assert site.active() == ["b"]
    assert {d.rule for d in site.engine.diagnostics()} == {"unreadable-file"}


def test_io_error_keeps_what_ran_and_heals(site, mount):
    site.write("a", "b", channel="old")
    site.start()
    site.diary.clear()
    # The memory of a process is a regular file whose first page is not there: reading it is an I/O error.
    mount(site.root / "a.yaml", "--bind", f"/proc/{os.getpid()}/mem")
    with pytest.raises(OSError, match="Input/output error"):
        (site.root / "a.yaml").read_bytes()
    site.settled()
    assert (site.state("a"), site.status("a").reason.value) == ("active", "Unreadable")
    assert "input/output error" in site.engine.diagnostics()[0].message
    assert site.diary == []


def test_permission_denied_keeps_what_ran_and_heals(daemon, root, bound_by_permissions, text):
    for name in ("a", "b"):
        (root / f"{name}.yaml").write_text(text(name, "console"))
    (root / "team").mkdir()
    (root / "team" / "c.yaml").write_text(text("c", "console"))
    process = daemon(wrap=bound_by_permissions).wait_ready()
    process.wait(lambda: len(process.configs()) == 3)
    (process.root / "a.yaml").chmod(0)
    (process.root / "team").chmod(0)
    process.wait(lambda: process.configs() == {"a": ("active", True), "b": ("active", False), "c": ("active", True)})
    assert process.config("console/a")["reason"] == "Unreadable"
    assert "permission" in process.config("console/c")["message"]
    (process.root / "a.yaml").chmod(0o600)
    (process.root / "team").chmod(0o700)
    process.wait(lambda: set(process.configs().values()) == {("active", False)})
    assert "- console/" not in process.err.read_text()


def test_root_without_permission_keeps_all_and_heals(daemon, root, bound_by_permissions, text):
    for name in ("a", "b"):
        (root / f"{name}.yaml").write_text(text(name, "console"))
    process = daemon(wrap=bound_by_permissions).wait_ready()
    process.root.chmod(0)
    process.wait(lambda: any("unreadable" in alarm for alarm in process.status()["alarms"]))
    assert {state for state, _ in process.configs().values()} == {"active"}
    process.root.chmod(0o700)
    process.wait(lambda: process.status()["alarms"] == [])
    (process.root / "a.yaml").write_text(text("a", "console", prefix="'> '"))
    process.wait(lambda: "console/a updated" in process.err.read_text())
    assert "- console/" not in process.err.read_text()
