"""What the files of a directory ask for at one commit, and then at another: read as a daemon would that saw both.

The first commit is read whole. Of the second, what differs is put into the same index, so that a file with an error
keeps the ids that it held before: the law of `snapshot` is the daemon's own. Called by `compose.between`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.config.files import SETTINGS_FILE, Unreadable
from reconciler.config.git.command import Git
from reconciler.config.git.revision import Revision, read_objects
from reconciler.config.run.files import without_gc
from reconciler.config.tree.read import failed_state, read_state
from reconciler.config.tree.settings import DirectorySettings, parse_settings, too_many
from reconciler.config.tree.snapshot import Index, Snapshot
from reconciler.config.validation import Validator
from reconciler.model.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Between:
    """What is asked for at either commit; of the second, invalid files still hold what they held at the first."""

    before: Snapshot
    after: Snapshot


def read_between(git: Git, before: Revision, after: Revision, validator: Validator) -> Between:
    """Read what two revisions of one directory ask for; raises GitError."""
    index = Index()
    with without_gc():
        old, problems = _limited(git, before)
        _put(index, git, old, validator)
        index.commit()
        first = Snapshot(index.desired, len(old), [*problems, *index.diagnostics()])
        new, problems = _limited(git, after)
        for file in old.keys() - new.keys():
            index.drop(file)
        _put(index, git, {file: found for file, found in new.items() if old.get(file) != found}, validator)
        index.commit()
        return Between(first, Snapshot(index.desired, len(new), [*problems, *index.diagnostics()]))


def _limited(git: Git, revision: Revision) -> tuple[Mapping[str, "str | Unreadable"], list[Diagnostic]]:
    """Return the files that its settings let in, and what is wrong with these and with names."""
    settings = _settings(git, revision)
    problems = [*settings.diagnostics, *revision.problems]
    files = revision.files
    if len(files) > settings.max_files:
        problems.append(too_many(settings.max_files))
        files = dict(list(files.items())[: settings.max_files])
    return files, problems


def _settings(git: Git, revision: Revision) -> DirectorySettings:
    if revision.settings is None:
        return DirectorySettings()
    ((_, data),) = read_objects(git, [revision.settings])
    if isinstance(data, Unreadable):
        return DirectorySettings(diagnostics=(data.diagnostic(SETTINGS_FILE),))
    return parse_settings(data)


def _put(index: Index, git: Git, files: Mapping[str, "str | Unreadable"], validator: Validator) -> None:
    at: dict[str, list[str]] = {}
    for file, found in files.items():
        if isinstance(found, Unreadable):
            index.put(file, failed_state(file, found))
        else:
            at.setdefault(found, []).append(file)
    for object_id, data in read_objects(git, at):
        _put_one(index, at[object_id], data, validator)


def _put_one(index: Index, files: Iterable[str], data: "bytes | Unreadable", validator: Validator) -> None:
    for file in files:
        index.put(file, failed_state(file, data) if isinstance(data, Unreadable) else read_state(file, data, validator))
