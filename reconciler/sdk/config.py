"""A configuration as an integration sees it: typed settings, with secrets resolved."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from reconciler.model.config import ConfigDocument
from reconciler.sdk.hooks.base import HookSet

S = TypeVar("S")


class IntegrationConfig(Generic[S]):
    """One enabled configuration. Each version of it is an object of its own, so old and new can stand side by side.

    `settings` is an instance of the integration's `Settings` model, or a plain dict where it has none. `hook_set`
    belongs to the engine: pass the config itself to a hook's constructor. `values` are the settings as the file has
    them, secrets resolved, and `defaults` the integration's `default_settings`; `get` looks through both.
    """

    def __init__(
        self,
        document: ConfigDocument,
        settings: S,
        values: Mapping[str, Any],
        defaults: Mapping[str, Any],
        hook_set: HookSet,
    ) -> None:
        self.document = document
        self.settings = settings
        self.hook_set = hook_set
        self.values = values
        self.defaults = defaults

    @property
    def id(self) -> str:
        """`<integration>/<name>`."""
        return self.document.id

    @property
    def integration_id(self) -> str:
        """The id of the integration it uses."""
        return self.document.integration

    @property
    def name(self) -> str:
        """Its name, unique within the integration."""
        return self.document.name

    @property
    def description(self) -> str:
        """What people wrote about it, or the empty string."""
        return self.document.description

    @property
    def enabled(self) -> bool:
        """Whether its file asks for its use."""
        return self.document.enabled

    @property
    def scope(self) -> Mapping[str, tuple[str, ...]]:
        """Whom or what it is bound to: for each key the values of which any may match."""
        return self.document.scope

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels; the caller's own, for the document shares them with others."""
        return dict(self.document.labels)

    @property
    def hooks(self) -> tuple[object, ...]:
        """The hooks whose owner is this version of the configuration."""
        return self.hook_set.hooks

    def get(self, key: str, default: Any = None) -> Any:
        """Return one setting by its name in the file, then the integration's default for it, then `default`."""
        if key in self.values:
            return self.values[key]
        return self.defaults.get(key, default)

    def matches(self, scope: Mapping[str, str]) -> bool:
        """Whether every key of this config's scope has one of its listed values in `scope`."""
        return all(scope.get(key) in values for key, values in self.scope.items())

    def __repr__(self) -> str:
        return f"IntegrationConfig({self.id!r})"
