"""A directory read from git's objects is what the same directory is on disk, whatever stands in it."""

import os

import pytest

from reconciler.compose.build import build_tools
from reconciler.compose.options import EngineOptions
from reconciler.config.git.between import read_between
from reconciler.config.git.command import GitError
from reconciler.config.git.repository import find_repository
from reconciler.config.git.revision import read_revision
from reconciler.config.tree.directory import Directory
from reconciler.runtime.clock import SystemClock


def summary(snapshot):
    found = {(d.rule, d.span.file, d.span.line, d.message) for d in snapshot.diagnostics}
    return {k: (d.presence, d.file, d.line) for k, d in snapshot.desired.items()}, found, snapshot.files


def from_objects(repo, validator):
    repository = find_repository(repo.top / "configs")
    revision = read_revision(repository, repository.commit("new"))
    return summary(read_between(repository.git, revision, revision, validator).after)


def from_disk(repo, validator):
    directory = Directory(repo.top / "configs", validator)
    directory.scan()
    return summary(directory.snapshot)


def test_objects_say_what_the_disk_says(repo):
    configs = repo.top / "configs"
    repo.config("configs/_shared.yaml", name="linked")
    repo.config("configs/.hidden/x.yaml")
    repo.config("configs/_kept/x.yaml")
    repo.config("configs/sub/deep/y.yml")
    repo.config("configs/folder.yaml/inside.yaml")
    repo.config("configs/skipped.test.yaml")
    repo.config("configs/duplicate.yaml", name="a")
    repo.write("configs/note.txt", "integration: console\nname: text\n")
    repo.write("configs/large.yaml", "#" * (1 << 20) + "\n")
    repo.write("configs/bad.yaml", "[")
    repo.write("configs/new\nline.yaml", "[")
    os.close(os.open(os.fsencode(configs) + b"/\xe9.yaml", os.O_CREAT))
    os.mkdir(os.fsencode(configs) + b"/\xea")
    os.close(os.open(os.fsencode(configs) + b"/\xea/x.yaml", os.O_CREAT))
    repo.config("outside.yaml")
    for link, target in {
        "to-shared.yaml": "_shared.yaml", "to-text.yaml": "sub/../note.txt", "out.yaml": "../outside.yaml",
        "nowhere.yaml": "missing.yaml", "loop.yaml": "loop.yaml", "absolute.yaml": "/etc/passwd", "up.yaml": "..",
        "to-folder.yaml": "sub", "sub/back.yaml": "../_kept/x.yaml", "alias": "sub", "through.yaml": "alias/deep/y.yml",
    }.items():  # fmt: skip
        (configs / link).symlink_to(target)
    repo.commit("new")
    validator = build_tools(EngineOptions(configs, repo.top / "state"), SystemClock()).validator
    on_disk, objects = from_disk(repo, validator), from_objects(repo, validator)
    assert objects[0] == on_disk[0]
    without_words = [{found[:3] for found in side[1] if "loop" not in found[1]} for side in (objects, on_disk)]
    assert without_words[0] == without_words[1]
    assert objects[2] == on_disk[2]


def test_clone_without_the_objects_is_an_error_and_nothing_is_fetched(repo, tmp_path, monkeypatch):
    repo.commit("new")
    repo.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{repo.top}"
    repo.git("clone", "-q", "--no-checkout", "--filter=blob:none", url, str(tmp_path / "partial"))
    repository = find_repository(tmp_path / "partial")
    validator = build_tools(EngineOptions(tmp_path, tmp_path / "state"), SystemClock()).validator
    revision = read_revision(repository, repository.commit("new"))
    with pytest.raises(GitError, match="partial"):
        read_between(repository.git, revision, revision, validator)
