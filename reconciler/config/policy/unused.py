"""What of a policy does nothing, mostly by a typing mistake: a policy that is misspelt allows what it should not.

Only a whole directory can tell. Called by `run`; the engine takes a policy as it is.
"""

from collections.abc import Callable, Iterator, Sequence

from reconciler.config.explain.text import shorten
from reconciler.config.policy.policy import Folder, Policy
from reconciler.core.findings.nearest import Names
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json import Path
from reconciler.model.rules import UNUSED_POLICY


def unused(policy: Policy, files: Sequence[str], missing: Callable[[str], str | None]) -> Iterator[Diagnostic]:
    """Yield a warning for each entry that covers none of `files`, and for each integration that it names in vain.

    An entry that allows nothing closes the rest of a directory: covering no file is what it is there for.
    `missing` returns a line of help for an integration that is not installed, else None.
    """
    top = Names({file.partition("/")[0] for file in files if "/" in file})
    bounds = {id(found): found for found in map(policy.bounds, files) if found is not None}
    used = {id(entry) for found in bounds.values() for entry in found.folders}
    for entry in policy.folders:
        if id(entry) not in used and entry.integrations != frozenset():
            near = top.nearest(entry.label.strip("/").partition("/")[0])
            help_text = f"did you mean `{near}`?" if near else "a pattern is relative to the root: look at its spelling"
            yield _warning(entry, ("path",), f"`{shorten(entry.label)}` covers no file", help_text)
        for name in sorted({*(entry.integrations or ()), *entry.settings}):
            help_text = missing(name) or ""
            if help_text:
                key: Path = ("settings", name) if name in entry.settings else ("integrations",)
                yield _warning(entry, key, f"no integration `{shorten(name)}` is installed", help_text)


def _warning(entry: Folder, key: Path, message: str, help_text: str) -> Diagnostic:
    place = entry.places.get(key) or entry.places[()]
    return Diagnostic(UNUSED_POLICY, Severity.WARNING, message, place, help_text)
