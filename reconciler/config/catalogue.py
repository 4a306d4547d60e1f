"""The catalogue of integrations: which there are, what each says of itself, and, for the runtime alone, its class.

Registration costs nothing: a manifest is read when a configuration names it, code is imported when the runtime loads
it. One catalogue belongs to one engine or one run of `validate`; nothing is registered by import.
"""

from collections.abc import Collection
from typing import Any

from reconciler.config.entry_points import find_packages, package_folder
from reconciler.config.manifest import read_descriptor
from reconciler.core.findings.nearest import nearest
from reconciler.model.descriptor import Descriptor
from reconciler.model.errors import RegistrationError, UnknownIntegration


class Catalogue:
    """What is installed, narrowed to `allowed` where that is given, and what a host has registered."""

    def __init__(self, allowed: Collection[str] | None = None) -> None:
        self._allowed = None if allowed is None else frozenset(allowed)
        self._packages: dict[str, str | None] | None = None
        self._left_out: frozenset[str] = frozenset()
        self._descriptors: dict[str, Descriptor | RegistrationError] = {}
        self._places: dict[str, str] = {}
        self._classes: dict[str, type[Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave classes behind where a worker process gets a copy: validation runs nobody's code."""
        return {**self.__dict__, "_classes": {}}

    def ids(self) -> list[str]:
        """Return the ids of all integrations, sorted."""
        return sorted({*self._found(), *self._registered()})

    def is_left_out(self, integration_id: str) -> bool:
        """Whether an integration is installed, but not among those that are allowed."""
        self._found()
        return integration_id in self._left_out

    def installed_since(self, integration_ids: Collection[str]) -> frozenset[str]:
        """Return those of these ids that were not installed when this began, and are now; reads entry points anew."""
        known = self._found()
        new = {one for one in integration_ids if one not in known and one not in self._left_out}
        if self._allowed is not None:
            new &= self._allowed
        return frozenset(new & find_packages().keys() if new else ())

    def descriptor(self, integration_id: str) -> Descriptor:
        """Return what an integration says of itself.

        Raises UnknownIntegration, with the nearest name, or RegistrationError where its files make no sense.
        """
        known = self._descriptors.get(integration_id)
        if known is None:
            known = self._descriptors[integration_id] = self._read(integration_id)
        if isinstance(known, RegistrationError):
            raise RegistrationError(str(known))
        return known

    def load(self, integration_id: str) -> type[Any]:
        """Import an integration's code and return its class. Only the runtime calls this.

        Raises RegistrationError when the package has no such class, and whatever its import raises.
        """
        self.descriptor(integration_id)
        found = self._classes.get(integration_id)
        if found is None:
            found = self._classes[integration_id] = self._import(integration_id)
        return found

    def loaded(self) -> list[type[Any]]:
        """Return the classes that are loaded or registered, by id."""
        return [self._classes[key] for key in sorted(self._classes)]

    def register(self, descriptor: Descriptor, integration_class: type[Any]) -> None:
        """Add a class of the host's; raises RegistrationError when its id is taken or its schema makes no sense."""
        if descriptor.id in self._found() or descriptor.id in self._classes:
            raise RegistrationError(f"an integration {descriptor.id!r} is registered already")
        _check_schema(descriptor, integration_class)
        self._descriptors[descriptor.id] = descriptor
        self._classes[descriptor.id] = integration_class

    def unregister(self, integration_id: str) -> None:
        """Take a class of the host's back; raises UnknownIntegration when there is none."""
        if integration_id not in self._registered():
            raise self._unknown(integration_id)
        self._descriptors.pop(integration_id, None)
        self._classes.pop(integration_id, None)

    def _registered(self) -> set[str]:
        found = self._found()
        known_now = self._descriptors.copy()  # another thread may be reading a manifest
        return {key for key, known in known_now.items() if isinstance(known, Descriptor) and key not in found}

    def _found(self) -> dict[str, str | None]:
        if self._packages is None:
            everything = find_packages()
            wanted = self._allowed
            self._packages = {k: v for k, v in everything.items() if wanted is None or k in wanted}
            self._left_out = frozenset(everything) - frozenset(self._packages)
        return self._packages

    def _read(self, integration_id: str) -> Descriptor | RegistrationError:
        packages = self._found()
        if integration_id not in packages:
            raise self._unknown(integration_id)
        package = packages[integration_id]
        if package is None:
            return RegistrationError(f"two installed distributions register an integration {integration_id!r}")
        folder = package_folder(package)
        if folder is None:
            return RegistrationError(
                f"the package {package} of the integration {integration_id!r} has no manifest.json"
            )
        try:
            descriptor, self._places[integration_id] = read_descriptor(integration_id, folder)
        except RegistrationError as error:
            return error
        return descriptor

    def _unknown(self, integration_id: str) -> UnknownIntegration:
        near = nearest(integration_id, self.ids())
        hint = f"; did you mean {near!r}?" if near else ""
        return UnknownIntegration(f"no integration {integration_id!r} is known{hint}")

    def _import(self, integration_id: str) -> type[Any]:
        from importlib import import_module

        package = self._found().get(integration_id)
        module_name, _, class_name = (self._places.get(integration_id) or "integration:").partition(":")
        module = import_module(f"{package}.{module_name}")
        if class_name:
            candidates = [getattr(module, class_name, None)]
        else:
            candidates = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]
        found = {c for c in candidates if isinstance(c, type) and getattr(c, "integration_id", None) == integration_id}
        if len(found) == 1:
            return found.pop()
        how_many = "no class" if not found else f"{len(found)} classes"
        hint = "" if class_name or not found else "; name the one in manifest.json as class"
        raise RegistrationError(f"{module.__name__} has {how_many} whose integration_id is {integration_id!r}{hint}")


def _check_schema(descriptor: Descriptor, integration_class: type[Any]) -> None:
    from reconciler.config.schemas.schema import SettingsSchema

    try:
        SettingsSchema(descriptor.schema or {})
    except RegistrationError as error:
        reason = str(error).removeprefix("schema.json: ")
        raise RegistrationError(f"{integration_class.__qualname__}: the schema of its Settings: {reason}") from None
