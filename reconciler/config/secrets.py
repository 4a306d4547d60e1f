"""Resolves secret references, by the sources that there are (`secret_sources.py`). A value never leaves its `Secret`.

Validation only asks whether a reference can ever resolve; the engine resolves, when a configuration is applied. How
references in settings become secrets is `resolution.py`'s.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from reconciler.config.resolved import Resolved
from reconciler.config.secret_sources import EnvProvider, FileProvider
from reconciler.model.errors import ReconcileError, SecretForbidden
from reconciler.model.secret import SecretRef

if TYPE_CHECKING:
    from reconciler.config.resolution import Resolution
    from reconciler.config.revealed import Revealed
    from reconciler.config.schemas.schema import ResolvedSchema
    from reconciler.model.ports import SecretProvider

_KEEP: Final = 1000
_NESTED: Final = (dict, list)
_ADVICE: Final = {
    "env": "name another variable, as env:NAME",
    "file": "write a path inside it, such as file:slack/token",
}


class SecretResolver:
    """Finds the provider of each reference by its scheme; `providers` adds to `env` and `file`."""

    def __init__(
        self,
        secrets_dir: Path,
        environ: Mapping[str, str],
        providers: "Mapping[str, SecretProvider] | None" = None,
        revealed: "Revealed | None" = None,
    ) -> None:
        self._providers: dict[str, SecretProvider] = {
            "env": EnvProvider(environ),
            "file": FileProvider(secrets_dir),
            **(providers or {}),
        }
        if revealed is not None:
            self.revealed = revealed
        self._schemas: dict[int, tuple[Mapping[str, Any], ResolvedSchema]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave compiled schemas behind."""
        return {**self.__dict__, "_schemas": {}}

    @cached_property
    def revealed(self) -> "Revealed":
        """Hears of every value that is revealed; not made, nor imported, where nothing is resolved."""
        from reconciler.config.revealed import Revealed

        return Revealed()

    @property
    def schemes(self) -> list[str]:
        """The schemes that are known, sorted."""
        return sorted(self._providers)

    def check(self, ref: SecretRef) -> str | None:
        """Return why a reference can never resolve, or None; touches nothing outside.

        What was written is not repeated: somebody may have put a value there.
        """
        provider = self._providers.get(ref.scheme)
        if provider is None:
            return "the scheme of this secret reference is not known"
        problem = provider.check(ref.path)
        return None if problem is None else f"this secret reference can never resolve: {problem}"

    def advice(self, ref: SecretRef) -> str:
        """Return what to write instead of a reference that can never resolve."""
        if ref.scheme in self._providers:
            return _ADVICE.get(ref.scheme, "")
        from reconciler.core.findings.nearest import nearest

        near = nearest(ref.scheme, self.schemes)
        return f"did you mean `{near}:`?" if near else f"known are {', '.join(f'{one}:' for one in self.schemes)}"

    def outside(self, settings: Mapping[str, Any]) -> list[SecretRef]:
        """Return the references in `settings` whose look-up may wait for something outside of memory, each URI once."""
        found: dict[str, SecretRef] = {}
        todo: list[Any] = [item for item in settings.values() if isinstance(item, _NESTED)]
        while todo:
            value = todo.pop()
            if type(value) is dict:
                ref = SecretRef.parse(value)
                if ref is not None and not isinstance(self._providers.get(ref.scheme), EnvProvider):
                    found[ref.uri] = ref
                value = value.values()
            todo += [item for item in value if isinstance(item, _NESTED)]
        return list(found.values())

    def resolve(
        self,
        settings: Mapping[str, Any],
        schema: Mapping[str, Any] | None,
        known: Mapping[str, str] = MappingProxyType({}),
    ) -> Resolved:
        """Resolve every reference in `settings`; on an event loop, with what is `outside` looked up before.

        `known` is that, by URI. With a schema, what comes out is judged by it. Raises SecretMissing or SecretForbidden,
        and TerminalError, without the value, when it does not fit.
        """

        def value_of(ref: SecretRef) -> str:
            text = known.get(ref.uri)
            return self.fetch(ref) if text is None else text

        return self._resolution(schema, value_of).resolve(settings)

    def resolve_many(
        self, many: Iterable[Mapping[str, Any]], schema: Mapping[str, Any] | None
    ) -> list[Resolved | None]:
        """Resolve the settings of many configurations, a reference that they share once.

        None for those that are to be resolved by themselves: it may block, or something is wrong with them.
        """
        known: dict[int, tuple[SecretRef, str]] = {}

        def value_of(ref: SecretRef) -> str:
            found = known.get(id(ref))
            if found is None:
                found = known[id(ref)] = (ref, self._fetch_in_memory(ref))
            return found[1]

        resolution = self._resolution(schema, value_of)
        resolved: list[Resolved | None] = []
        for settings in many:
            try:
                resolved.append(resolution.resolve(settings))
            except (_MayBlock, ReconcileError):
                resolved.append(None)
        return resolved

    def _resolution(self, schema: Mapping[str, Any] | None, value_of: Callable[[SecretRef], str]) -> "Resolution":
        from reconciler.config.resolution import Resolution

        return Resolution(value_of, self.revealed.note, partial(self._compiled, schema) if schema is not None else None)

    def _fetch_in_memory(self, ref: SecretRef) -> str:
        provider = self._providers.get(ref.scheme)
        if not isinstance(provider, EnvProvider):
            raise _MayBlock
        return self.fetch(ref)

    def fetch(self, ref: SecretRef) -> str:
        """Return what a reference leads to, without its format; raises SecretMissing or SecretForbidden."""
        problem = self.check(ref)
        if problem is not None:
            raise SecretForbidden(problem)
        return self._providers[ref.scheme].resolve(ref.path)

    def _compiled(self, schema: Mapping[str, Any]) -> "ResolvedSchema":
        known = self._schemas.get(id(schema))
        if known is None:
            from reconciler.config.schemas.schema import ResolvedSchema

            if len(self._schemas) >= _KEEP:
                self._schemas.clear()
            # The schema is kept beside it, so that no other can get its identity.
            known = self._schemas[id(schema)] = (schema, ResolvedSchema(schema))
        return known[1]


class _MayBlock(Exception):
    """A reference has to be looked up outside of memory."""
