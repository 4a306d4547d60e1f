"""The proof that fixes changed what they were about and nothing else: both texts are read and compared as values.

A wrong edit would be a fault of ours in somebody's file. So no edit is trusted: where an anchor carries a change to a
second place, say, the fix is not applied. Pure; `apply.py` asks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.config.yaml.reader import RawDocument, read_documents
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json import Path


def changes_nothing_else(before: bytes, after: bytes, fixed: Sequence[Diagnostic]) -> bool:
    """Whether all documents of `before` are in `after`, equal but for the places of the findings `fixed`.

    What could not be read before may be read now, or say what else is wrong with it; nothing that could be read may
    have become unreadable.
    """
    old, new = read_documents(before, ""), read_documents(after, "")
    if _complaints(new.diagnostics) & _complaints(fixed):
        return False
    now = {document.line: document for document in new.documents}
    allowed = {found.path for found in fixed if found.path}
    return all(
        document.line in now and all(path in allowed for path in _differences(document, now[document.line]))
        for document in old.documents
    )


def _complaints(findings: Iterable[Diagnostic]) -> set[tuple[str, str, int, int]]:
    return {(found.rule, found.message, found.span.line, found.span.column) for found in findings}


def _differences(old: RawDocument, new: RawDocument) -> Iterator[Path]:
    return differences(old.value, new.value, ())


def differences(old: Any, new: Any, path: Path) -> Iterator[Path]:
    """Yield where two JSON values differ; a key that has another name at the same position is one difference."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and len(old) == len(new):
        for (was, value), (now, changed) in zip(old.items(), new.items(), strict=True):
            if was != now:
                yield (*path, was)
            yield from differences(value, changed, (*path, was))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (value, changed) in enumerate(zip(old, new, strict=True)):
            yield from differences(value, changed, (*path, index))
    elif type(old) is not type(new) or old != new:
        yield path
