"""What the controller works with, in one frozen bundle; made by `assembly.py`."""

from dataclasses import dataclass

from reconciler.config.directory import Directory
from reconciler.runtime.absence import Absences
from reconciler.runtime.deliveries import Deliveries
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.goods import Goods
from reconciler.runtime.overrides import Overrides
from reconciler.runtime.services import Services
from reconciler.runtime.world import World


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
    disk: Worker
    scanner: Worker
