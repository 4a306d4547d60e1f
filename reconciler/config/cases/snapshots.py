"""What cases have received before, stored beside the test file: `a.test.yaml` has its snapshots in `a.test.snap`.

A file of its own and not a part of the test file: it is written by a program, whole, while the other is written by
people (docs/decisions/0026). It is YAML, by case and configuration, so that its diff can be reviewed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from reconciler.config.files import Unreadable, Vanished, read_file
from reconciler.config.yaml.reader import read_documents
from reconciler.config.yaml.writer import write_yaml
from reconciler.model.errors import ReconcileError

_HEAD: Final = "# Written by `reconcile test --update`: look at what changed before you commit it.\n"
Snapshots = Mapping[str, Mapping[str, Any]]
"""By the name of the case and the id of the configuration: the list of its deliveries."""


def read_snapshots(path: Path) -> Snapshots:
    """Return what is stored in a file; nothing where there is none. Raises ReconcileError for one that is not ours."""
    try:
        data = read_file(str(path))[0]
    except Vanished:
        return {}
    except Unreadable as problem:
        raise ReconcileError(f"{path}: {problem}") from None
    found = _parsed(data)
    if found is None:
        raise ReconcileError(f"{path} holds no snapshots: delete it, and write it anew with --update")
    return found


def write_snapshots(path: Path, snapshots: Snapshots) -> bool:
    """Store `snapshots`, or delete the file where there are none; returns whether that changed anything.

    Raises ReconcileError, and leaves the file as it is, when they could not be read back.
    """
    if not snapshots:
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed
    data = _written(path, snapshots)
    try:
        if read_file(str(path))[0] == data:
            return False
    except (Unreadable, Vanished):
        pass
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return True


def _written(path: Path, snapshots: Snapshots) -> bytes:
    """Return the bytes of the file: a document for each case, so that none is too large for the reader."""
    try:
        documents = [write_yaml({name: dict(by_config)}) for name, by_config in snapshots.items()]
        data = (_HEAD + "---\n".join(documents)).encode()
    except ValueError as error:  # half of a surrogate pair, a number without end
        raise ReconcileError(f"{path}: what was received cannot be written as YAML: {error}") from None
    if _parsed(data) != snapshots:
        raise ReconcileError(f"{path}: what is to be stored is too large: split the test file, or ask for less")
    return data


def _parsed(data: bytes) -> dict[str, Any] | None:
    """Return what the bytes of a file hold, or None when they are not ours."""
    result = read_documents(data, "")
    values = [document.value for document in result.documents]
    if result.diagnostics or not all(map(_is_ours, values)):
        return None
    return {name: by_config for value in values for name, by_config in value.items()}


def _is_ours(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(by_config, dict) and all(isinstance(many, list) for many in by_config.values())
        for by_config in value.values()
    )
