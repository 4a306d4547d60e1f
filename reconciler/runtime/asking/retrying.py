"""Many configurations tried again at once, for `Engine.retry_all`: which are meant, and one after the other."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from reconciler.core.in_force.selector import matches_any
from reconciler.model.override import Selector
from reconciler.runtime.asking.override_refusals import check_known
from reconciler.runtime.loop.world import ConfigRecord, World

_CHUNK = 200
"""How many are tried before others get the loop."""


def meant(world: World, selector: Selector, integrations: Collection[str]) -> Sequence[str]:
    """Return the ids that a selector means now, sorted, by the labels in force or those that the files ask for.

    Raises UnknownTarget for an id or an integration that is not known.
    """
    records = list(world.configs.copy().values())
    check_known(selector, integrations, [record.id for record in records] if selector.ids else ())
    return sorted(one.id for one in records if matches_any(selector, one.id, _labelled(one)))


async def each(ids: Iterable[str], retry: Callable[[str], None]) -> None:
    """Try each of them again; on the engine's loop."""
    for index, config_id in enumerate(ids):
        if index % _CHUNK == _CHUNK - 1:
            await asyncio.sleep(0)
        retry(config_id)


def _labelled(record: ConfigRecord) -> Iterable[Mapping[str, str]]:
    documents = (record.effective.document, record.effective.desired.document)
    return [document.labels for document in documents if document is not None]
