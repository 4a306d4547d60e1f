"""Names that the command line is given: `--integrations a,b` read, and one that is not there refused.

Imports nothing that costs, since `validate` starts with it.
"""

from collections.abc import Iterable

from reconciler.cli.console import Fatal, fail


def names(text: str | None) -> tuple[str, ...] | None:
    """Return the ids, or None where all integrations may be loaded; one that is not installed ends the verb.

    A host that registers classes of its own gives its list to the manager, and is asked for none of this.
    """
    if text is None:
        return None
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        fail("--integrations: expected ids separated by commas, such as slack,webhook, found none")
    from reconciler.config.entry_points import find_packages

    installed = sorted(find_packages())
    for one in found:
        if one not in installed:
            fail(f"--integrations: {unknown_integration(one, installed)}")
    return found


def no_such(what: str, name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the sentence that there is no `what` of this name, with the nearest one, or else with what to do."""
    from reconciler.core.findings.nearest import nearest

    near = nearest(name, known)
    hint = f"did you mean {near!r}?" if near else otherwise
    return f"there is no {what} {name!r}" + (f": {hint}" if hint else "")


def unknown_integration(integration: str, known: list[str]) -> Fatal:
    """Return the refusal of an integration that is not there, with the nearest name."""
    return Fatal(no_such("integration", integration, known, f"there is {', '.join(known) or 'none'}"))
