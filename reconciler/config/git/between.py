"""What the files of a directory ask for at one commit, and then at another: read as a daemon would that saw both.

The first commit is read whole. Of the second, what differs is put into the same index, so that a file with an error
keeps the ids that it held before: the law of `snapshot` is the daemon's own. Called by `compose.offline.between`.
"""

import posixpath
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.config.collector import without_gc
from reconciler.config.files import SETTINGS_FILE, Unreadable
from reconciler.config.git.command import Git
from reconciler.config.git.objects import read_objects
from reconciler.config.git.revision import Revision
from reconciler.config.tree.index import Index
from reconciler.config.tree.read import failed_state, read_state
from reconciler.config.tree.settings import DirectorySettings, parse_settings, too_many
from reconciler.config.tree.snapshot import FileState, Snapshot
from reconciler.config.validation import Validator
from reconciler.model.config import Presence
from reconciler.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Policy

State = Callable[[str, "bytes | Unreadable"], FileState]
"""What a file says, given its bytes or why they cannot be read."""


class Between(Struct, frozen=True):
    """What is asked for at either commit; of the second, invalid files still hold what they held at the first.

    `refused` are the ids of which the policy of the second commit does not let the first one's document run on.
    """

    before: Snapshot
    after: Snapshot
    refused: frozenset[str] = frozenset()


def read_between(git: Git, before: Revision, after: Revision, validator: Validator) -> Between:
    """Read what two revisions of one directory ask for; raises GitError."""
    index = Index()
    with without_gc():
        settings = _settings(git, before)
        old, problems = _limited(before, settings)
        _put(index, git, old, partial(_state, validator, before, settings.policy))
        index.commit()
        first = Snapshot(index.desired, len(old), [*problems, *index.diagnostics()])
        new_settings = _settings(git, after)
        new, problems = _limited(after, new_settings)
        # A daemon goes on with the policy that it knows while the new one has an error.
        policy = new_settings.policy if new_settings.is_sound else settings.policy
        is_same = (policy.key if policy else "") == (settings.policy.key if settings.policy else "")
        for file in old.keys() - new.keys():
            index.drop(file)
        changed = {file: found for file, found in new.items() if not is_same or old.get(file) != found}
        _put(index, git, changed, partial(_state, validator, after, policy))
        index.commit()
        second = Snapshot(index.desired, len(new), [*problems, *index.diagnostics()])
        return Between(first, second, _refused(first, second, after, policy))


def _limited(
    revision: Revision, settings: DirectorySettings
) -> tuple[Mapping[str, "str | Unreadable"], list[Diagnostic]]:
    """Return the files that its settings let in, and what is wrong with these and with names."""
    problems = [*settings.diagnostics, *revision.problems]
    files = revision.files
    if len(files) > settings.max_files:
        problems.append(too_many(settings.max_files))
        files = dict(list(files.items())[: settings.max_files])
    return files, problems


def _settings(git: Git, revision: Revision) -> DirectorySettings:
    if revision.settings is None:
        return DirectorySettings()
    data = _read(git, revision.settings)
    if isinstance(data, Unreadable):
        return DirectorySettings(diagnostics=(data.diagnostic(SETTINGS_FILE),), is_sound=False)

    def read_schema(name: str) -> bytes:
        found = revision.schemas.get(posixpath.normpath(name))
        schema = _read(git, found) if found is not None else None
        if schema is None or isinstance(schema, Unreadable):
            raise ValueError(str(schema) if schema is not None else "there is no such .json file beneath the root")
        return schema

    return parse_settings(data, read_schema)


def _read(git: Git, found: "str | Unreadable") -> "bytes | Unreadable":
    return found if isinstance(found, Unreadable) else dict(read_objects(git, [found]))[found]


def _refused(before: Snapshot, after: Snapshot, revision: Revision, policy: "Policy | None") -> frozenset[str]:
    """Return of which ids that are not valid any more the policy does not let what ran run on."""
    if policy is None:
        return frozenset()
    found = set()
    for key, old in before.desired.items():
        new = after.get(key)
        document = old.document if new.document is None else None
        file = new.file if new.presence in {Presence.INVALID, Presence.UNREADABLE} else old.file
        bounds = policy.bounds(file, revision.led.get(file, "")) if document is not None else None
        if document is not None and bounds is not None and not bounds.permit(document.raw):
            found.add(key)
    return frozenset(found)


def _state(
    validator: Validator, revision: Revision, policy: "Policy | None", file: str, data: "bytes | Unreadable"
) -> FileState:
    if isinstance(data, Unreadable):
        return failed_state(file, data)
    bounds = policy.bounds(file, revision.led.get(file, "")) if policy is not None else None
    return read_state(file, data, validator, bounds)


def _put(index: Index, git: Git, files: Mapping[str, "str | Unreadable"], state: State) -> None:
    at: dict[str, list[str]] = {}
    for file, found in files.items():
        if isinstance(found, Unreadable):
            index.put(file, state(file, found))
        else:
            at.setdefault(found, []).append(file)
    for object_id, data in read_objects(git, at):
        for file in at[object_id]:
            index.put(file, state(file, data))
