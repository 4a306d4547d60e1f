"""Which configurations a selector means, and which selectors mean no more than another does. Pure."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from reconciler.model.override import Selector


def matches(selector: Selector, config_id: str, labels: Mapping[str, str]) -> bool:
    """Whether a configuration with these labels is meant."""
    if selector.ids and config_id not in selector.ids:
        return False
    if selector.integration is not None and config_id.partition("/")[0] != selector.integration:
        return False
    return all(labels.get(key) == value for key, value in selector.labels)


def matches_any(selector: Selector, config_id: str, labelled: Iterable[Mapping[str, str]]) -> bool:
    """Whether it is meant by one of its documents; where it has none, by its id alone."""
    return any(matches(selector, config_id, labels) for labels in [*labelled] or [{}])


def covers(outer: Selector, inner: Selector) -> bool:
    """Whether `outer` means every configuration that `inner` does, whatever configurations there are."""
    if outer.ids and not (inner.ids and set(inner.ids) <= set(outer.ids)):
        return False
    if outer.integration is not None and outer.integration != inner.integration:
        named = {config_id.partition("/")[0] for config_id in inner.ids}
        if named != {outer.integration}:
            return False
    return set(outer.labels) <= set(inner.labels)


def without(selector: Selector, lifted: Selector) -> Selector | None:
    """Return what is left of `selector` when `lifted` ends: None when it covers all; of listed ids, the others.

    A part of what was not listed by id cannot be taken out: then `selector` is returned as it is.
    """
    if covers(lifted, selector):
        return None
    left = tuple(one for one in selector.ids if not covers(lifted, replace(selector, ids=(one,))))
    return replace(selector, ids=left)


def taken(selector: Selector, left: Selector | None) -> Selector:
    """Return what of `selector` has ended, where `left` is what `without` has left of it."""
    if left is None:
        return selector
    return replace(selector, ids=tuple(one for one in selector.ids if one not in left.ids))
