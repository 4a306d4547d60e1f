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
    result = read_documents(data, str(path))
    values = [document.value for document in result.documents]
    if result.diagnostics or len(values) != 1 or not _is_ours(values[0]):
        raise ReconcileError(f"{path} holds no snapshots: delete it, and write it anew with --update")
    found: Snapshots = values[0]
    return found


def write_snapshots(path: Path, snapshots: Snapshots) -> bool:
    """Store `snapshots`, or delete the file where there are none; returns whether that changed anything."""
    if not snapshots:
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed
    text = _HEAD + write_yaml({name: dict(by_config) for name, by_config in snapshots.items()})
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except (OSError, UnicodeDecodeError):
        pass
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return True


def _is_ours(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(by_config, dict) and all(isinstance(many, list) for many in by_config.values())
        for by_config in value.values()
    )
