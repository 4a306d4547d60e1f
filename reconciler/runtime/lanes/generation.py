"""A generation: one version of one configuration, running. Values alone: `config_calls` makes and stops them."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.resolved import Resolved
from reconciler.model.config import ConfigDocument
from reconciler.model.errors import TransientError
from reconciler.runtime.lanes.hook_host import OwnerHost, Receiver
from reconciler.sdk.config import IntegrationConfig
from reconciler.sdk.hooks.base import Hook


class Generation(Struct, frozen=True):
    """What runs under one id: the document, its secrets, the config object the code sees, its hooks and their host."""

    document: ConfigDocument
    resolved: Resolved
    config: IntegrationConfig[Any]
    host: OwnerHost
    hooks: tuple[Hook, ...]

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """The receivers whose owner is this configuration."""
        return self.host.receivers

    def rerouted(self, document: ConfigDocument) -> "Generation":
        """Return the same generation under a document that differs in nothing the code hears of."""
        old = self.config
        config = IntegrationConfig(document, old.settings, old.values, old.defaults, old.hook_set)
        return replace(self, document=document, config=config)


class Handover(Struct, frozen=True):
    """A generation that has started beside an old one.

    `stopped` are the hooks of the old one that had to make way; `went_over` says that the code has gone over by
    `config_changed`, so that the old configuration is not disabled.
    """

    generation: Generation
    stopped: tuple[Hook, ...] = ()
    went_over: bool = False


class RollbackFailed(TransientError):
    """A new version did not start, and neither did what had made way for it: nothing whole runs any more."""
