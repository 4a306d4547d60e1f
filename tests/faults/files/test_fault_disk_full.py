"""A state directory on a disk that fills: nothing accepted is lost, it is said, and it ends by itself."""

import errno
import os
from itertools import count

import pytest

from reconciler.cli.client import Refused

pytestmark = pytest.mark.slow


class Disk:
    """A small file system that the test fills and empties."""

    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"

    def fill(self):
        with self.filler.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                while self._write(file, size):
                    pass

    @staticmethod
    def _write(file, size):
        try:
            return file.write(b"x" * size) == size
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return False

    def empty(self):
        self.filler.unlink()


@pytest.fixture
def disk(tmp_path, mount):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", "size=16m", "tmpfs")
    (folder / "state").mkdir(mode=0o700)
    return Disk(folder)


def event(number):
    return {
        "specversion": "1.0",
        "type": "note",
        "source": "/test",
        "id": str(number),
        "data": {"n": number, "x": "x" * 2000},
    }


def send(process, number):
    """Return the status that `POST /events` answers."""
    try:
        process.client.post("/events", event(number), "application/cloudevents+json")
    except Refused as error:
        return error.status
    return 202


CONSOLE = "integration: console\nname: a\nsettings: {prefix: '%s '}\nevents: [{type: note}]\nmessage: {title: 'number {{ event.data.n }}.'}\n"


def test_full_disk_refuses_events_loses_none_and_recovers(daemon, disk, root):
    (root / "a.yaml").write_text(CONSOLE % "1")
    process = daemon(state_dir=disk.folder / "state")
    process.wait_ready()
    accepted = [number for number in range(20) if send(process, number) == 202]
    disk.fill()
    answers = {number: send(process, number) for number in range(100, 160)}
    refused = {number: status for number, status in answers.items() if status != 202}
    assert set(refused.values()) == {503}
    accepted += answers.keys() - refused.keys()

    edits = count(2)

    def edit_until_it_hurts():
        """The first rows may find room in pages that were there already."""
        prefix = next(edits)
        (process.root / "a.yaml").write_text(CONSOLE % prefix)
        process.wait(lambda: f'→ "{prefix} "' in process.err.read_text())
        return any("state directory cannot be written" in alarm for alarm in process.status()["alarms"])

    process.wait(edit_until_it_hurts)
    assert any("events cannot be stored" in alarm for alarm in process.status()["alarms"])
    edit_until_it_hurts()
    last = next(edits) - 1

    disk.empty()
    assert process.wait(lambda: send(process, 500) == 202)
    accepted.append(500)
    process.wait(lambda: process.status()["alarms"] == [], 40.0)
    process.wait(lambda: all(f"number {number}." in process.out.read_text() for number in accepted))
    told = process.out.read_text().splitlines()
    assert len([line for line in told if "number" in line]) == len(accepted), "each once, and no other"

    (process.root / "a.yaml").write_text("integration: [")
    process.wait(lambda: process.configs() == {"a": ("active", True)})
    assert process.end() == 0
    again = daemon(state_dir=disk.folder / "state").wait_ready()
    assert again.configs() == {"a": ("active", True)}
    send(again, 600)
    again.wait(lambda: f"{last} [a] info: number 600." in again.out.read_text())


def test_old_state_is_whole_after_a_crash_on_a_full_disk(daemon, disk, root):
    (root / "a.yaml").write_text(CONSOLE % "1")
    process = daemon(state_dir=disk.folder / "state")
    process.wait_ready()
    accepted = [number for number in range(10) if send(process, number) == 202]
    disk.fill()
    (process.root / "a.yaml").write_text(CONSOLE % "2")
    process.wait(lambda: any("cannot be written" in alarm for alarm in process.status()["alarms"]))
    accepted += [number for number in range(100, 140) if send(process, number) == 202]
    process.kill()
    (process.root / "a.yaml").write_text("integration: [")
    disk.empty()
    again = daemon(state_dir=disk.folder / "state").wait_ready()
    assert again.configs() == {"a": ("active", True)}
    assert again.status()["alarms"] == []
    again.wait(lambda: all(f"number {number}." in again.out.read_text() for number in accepted))


def test_start_on_a_full_disk_says_so_in_one_line(daemon, disk, root):
    disk.fill()
    (root / "a.yaml").write_text(CONSOLE % "1")
    process = daemon(state_dir=disk.folder / "state")
    assert process.process.wait(20) == 2
    lines = process.err.read_text().splitlines()
    assert len(lines) == 1
    assert "full" in lines[0] or "space" in lines[0]


def test_start_in_a_directory_that_is_read_only_says_so_in_one_line(daemon, disk, mount):
    mount(disk.folder, "-o", "remount,ro")
    process = daemon(state_dir=disk.folder / "state")
    assert process.process.wait(20) == 2
    lines = process.err.read_text().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: cannot write the state directory")
    assert os.strerror(errno.EROFS) in lines[0]
