"""What the controller works with, in one frozen bundle; made by `assembly.py`."""

from dataclasses import dataclass

from reconciler.config.tree.directory import Directory
from reconciler.runtime.asking.overrides import Overrides
from reconciler.runtime.delivery.deliveries import Deliveries
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.loop.absence import Absences
from reconciler.runtime.loop.goods import Goods
from reconciler.runtime.loop.world import World
from reconciler.runtime.services import Services


@dataclass(frozen=True, slots=True)
class Parts:
    """What the controller works with."""

    services: Services
    world: World
    directory: Directory
    goods: Goods
    absences: Absences
    overrides: Overrides
    deliveries: Deliveries
    scanner: Worker
