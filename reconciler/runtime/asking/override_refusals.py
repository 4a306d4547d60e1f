"""Why something cannot be set aside, or resumed: sentences that name what is nearest, or what ends it instead."""

from collections.abc import Collection, Mapping, Sequence

from reconciler.core.findings.nearest import did_you_mean
from reconciler.core.in_force.selector import covers
from reconciler.model.duration import format_duration
from reconciler.model.errors import OverrideRefused, UnknownTarget
from reconciler.model.override import LONGEST, MOST_IDS, MOST_LABELS, MOST_TEXT, Override, OverrideRequest, Selector


def check_size(asked: OverrideRequest) -> None:
    """Raise OverrideRefused for more than may be given."""
    ids, labels, reason = len(asked.selector.ids), len(asked.selector.labels), len(asked.reason)
    if ids > MOST_IDS or labels > MOST_LABELS or reason > MOST_TEXT:
        most = f"{MOST_IDS} ids, {MOST_LABELS} labels and {MOST_TEXT} characters of reason"
        raise OverrideRefused(f"at most {most} may be given")
    if asked.seconds is not None and not 0 < asked.seconds <= LONGEST:  # nor what is no number
        raise OverrideRefused(f"a time of at most {format_duration(LONGEST)} may be given")
    check_text(asked.reason)


def check_text(reason: str) -> None:
    """Raise OverrideRefused for half of a pair of UTF-16, which JSON can hold and no file."""
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise OverrideRefused(f"the reason holds \\u{ord(reason[error.start]):x}, which is no character") from None


def check_known(selector: Selector, integrations: Collection[str], configs: Collection[str]) -> None:
    """Raise UnknownTarget for an integration or an id that is not among those known."""
    if selector.integration is not None and selector.integration not in integrations:
        raise UnknownTarget(no_integration(selector.integration, integrations))
    known = set(configs)
    for config_id in selector.ids:
        if config_id not in known:
            raise UnknownTarget(no_config(config_id, known))


def no_integration(integration_id: str, known: Collection[str]) -> str:
    """Say that no integration has this id, and which is nearest."""
    return _told(f"no integration is registered as {integration_id!r}", did_you_mean(integration_id, known))


def no_config(config_id: str, known: Collection[str]) -> str:
    """Say that no configuration has this id, and which is nearest: one of its integration where that has any."""
    siblings = [one for one in known if one.partition("/")[0] == config_id.partition("/")[0]]
    return _told(f"no configuration is known as {config_id!r}", did_you_mean(config_id, siblings or known))


def why_nothing(
    selector: Selector, in_force: Sequence[Override], imposed: Mapping[str, Sequence[Override]]
) -> str | None:
    """Say which override holds what was to be resumed, as a part of more; None where none does.

    `imposed` has the overrides of each configuration that the selector lists by id.
    """
    for one in in_force:
        if covers(one.selector, selector) or any(one in found for found in imposed.values()):
            part = f"{selector} is {one.word} as a part of {one.selector} and cannot be taken out"
            return f"{part}: `reconcile resume {one.selector}` ends it"
    return None


def nothing_at_all(selector: Selector, in_force: Sequence[Override]) -> str:
    """Say that there is nothing to resume, and what else is in force."""
    if selector == Selector():
        return "nothing is suspended or paused"
    others = ", ".join(str(one.selector) for one in in_force[:5])
    return _told(f"{selector} is neither suspended nor paused", f"what is: {others}" if others else "")


def _told(message: str, help_text: str) -> str:
    return f"{message}: {help_text}" if help_text else message
