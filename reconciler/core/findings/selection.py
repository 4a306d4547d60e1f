"""Which findings `validate` reports: rules by name, from flags or from `[validate]` in `reconcile.toml`. Pure.

Warnings may be chosen or left out. An error may not: the daemon does not apply what has one, and a green check of what
nobody applies would be a lie.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.rules import ADVICE, RULES


class Selection(Struct, frozen=True):
    """Which warnings `validate` reports, by rule, and whether they fail it; None is what was not said."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    strict: bool | None = None


NOTHING_SAID: Final = Selection()


def refusal(key: str, rule: str) -> tuple[str, str] | None:
    """Return why `rule` cannot stand in `select` or `ignore`, with a line of help, or None."""
    from reconciler.core.findings.nearest import did_you_mean

    if rule not in RULES:
        return f"there is no rule `{rule[:60]}`", did_you_mean(rule, RULES)
    if key == "ignore" and rule not in ADVICE:
        message = f"`{rule}` finds errors, and an error cannot be ignored: the daemon does not apply what has one"
        return message, f"only warnings can: {', '.join(sorted(ADVICE))}"
    return None


def chosen(flags: Selection, settings: Selection) -> Selection:
    """Return what holds: each thing that the flags say, else what the settings say."""
    return Selection(
        flags.select if flags.select is not None else settings.select,
        flags.ignore if flags.ignore is not None else settings.ignore,
        flags.strict if flags.strict is not None else settings.strict,
    )


def select(found: Sequence[Diagnostic], selection: Selection) -> list[Diagnostic]:
    """Return the findings that are to be reported: every error, and the warnings that are wanted."""
    if selection.select is None and not selection.ignore:
        return list(found)
    return [d for d in found if d.is_error or is_wanted(d.rule, selection)]


def is_wanted(rule: str, selection: Selection) -> bool:
    """Whether the warnings of a rule are reported; what is both selected and ignored is ignored."""
    return (selection.select is None or rule in selection.select) and rule not in (selection.ignore or ())


def fails(found: Iterable[Diagnostic], selection: Selection) -> bool:
    """Whether these findings fail a run."""
    return any(d.is_error or selection.strict for d in found)
