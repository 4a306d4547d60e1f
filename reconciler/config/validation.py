"""The verdict on one document, and why: envelope, settings, then what schemas cannot say. Runs nobody's code.

The happy path is two calls into jsonschema-rs and a digest; `explain.py` is loaded when something is wrong.
"""

from dataclasses import dataclass
from typing import Any

from reconciler.config.catalogue import Catalogue
from reconciler.config.checks import Checks
from reconciler.config.envelope import Envelope
from reconciler.config.nearest import did_you_mean
from reconciler.config.reader import RawDocument
from reconciler.config.schema import SettingsSchema
from reconciler.config.secrets import SecretResolver
from reconciler.model import rules
from reconciler.model.config import ConfigDocument
from reconciler.model.descriptor import Descriptor
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.errors import RegistrationError, UnknownIntegration
from reconciler.model.json import digest


@dataclass(frozen=True, slots=True)
class Checked:
    """One document's verdict. `document` is None when any of `diagnostics` is an error.

    `id` is given whenever integration and name are readable strings. `persistable` is false when a literal stands at
    the place of a secret: such a document is never written to the state directory.
    """

    document: ConfigDocument | None
    id: str | None
    diagnostics: tuple[Diagnostic, ...] = ()
    persistable: bool = True


@dataclass(frozen=True, slots=True)
class _Known:
    """What validation remembers of one integration: its schema, or what is wrong with it."""

    descriptor: Descriptor | None
    schema: SettingsSchema | None
    strict: SettingsSchema | None
    problem: str = ""
    help: str = ""
    rule: str = ""


class Validator:
    """Judges documents by the envelope, their integration's schema and the semantic checks."""

    def __init__(
        self, catalogue: Catalogue, *, secrets: SecretResolver, allow_plaintext_secrets: bool = False
    ) -> None:
        self._catalogue = catalogue
        self._secrets = secrets
        self._allow_plaintext = allow_plaintext_secrets
        self._start()

    def _start(self) -> None:
        self._envelope = Envelope()
        self._checks = Checks(self._secrets)
        self._known: dict[str, _Known] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Send a worker process what it needs to compile its own; compiled schemas do not travel."""
        return {"_catalogue": self._catalogue, "_secrets": self._secrets, "_allow_plaintext": self._allow_plaintext}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def forget(self, integration_id: str) -> None:
        """Forget an integration's schema: its class was registered or taken back."""
        self._known.pop(integration_id, None)

    def check(self, document: RawDocument, file: str) -> Checked:
        """Judge one document of a file; releases its positions when nothing is wrong with it."""
        raw = document.value
        fits = self._envelope.is_valid(raw)
        config_id = _id(raw)
        known = self._integration(raw)
        fits_settings = known is None or known.schema is None or known.schema.is_valid(raw.get("settings", {}))
        if fits and known is not None and not known.problem and fits_settings:
            found = self._checks.check(document, file, known.descriptor)
            if not any(d.is_error for d in found):
                persistable = known.strict is None or known.strict.is_valid(raw.get("settings", {}))
                if not found:
                    document.release()
                return Checked(ConfigDocument(raw, digest(raw)), config_id, tuple(found), persistable)
        else:
            found = self._explain(document, file, known, fits_envelope=fits, fits_settings=fits_settings)
        return Checked(None, config_id, tuple(sorted(found, key=Diagnostic.sort_key)))

    def check_value(self, raw: dict[str, Any]) -> Checked:
        """Judge a document out of the state directory; positions are 1:1."""
        return self.check(RawDocument(raw, 1), "")

    def _integration(self, raw: Any) -> _Known | None:
        name = raw.get("integration") if isinstance(raw, dict) else None
        if not isinstance(name, str):
            return None
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._learn(name)
        return known

    def _learn(self, name: str) -> _Known:
        try:
            descriptor = self._catalogue.descriptor(name)
            schema = SettingsSchema(descriptor.schema or {}, allow_plaintext=self._allow_plaintext)
            strict = SettingsSchema(descriptor.schema or {}) if self._allow_plaintext else None
        except UnknownIntegration:
            help_text = did_you_mean(name, self._catalogue.ids())
            return _Known(None, None, None, f"no integration `{name[:60]}` is installed", help_text, rules.UNKNOWN_INTEGRATION)
        except RegistrationError as error:
            problem = f"the integration `{name}` cannot be used: {error}"
            return _Known(None, None, None, problem, "its author has to mend it", rules.INTEGRATION_FAILED)
        return _Known(descriptor, schema, strict)

    def _explain(
        self, document: RawDocument, file: str, known: _Known | None, *, fits_envelope: bool, fits_settings: bool
    ) -> list[Diagnostic]:
        from reconciler.config.explain import explain

        raw = document.value
        found: list[Diagnostic] = []
        if not fits_envelope:
            found += explain(document, file, self._envelope.schema, raw, ())
        if known is not None and known.problem:
            span = document.span(("integration",), file)
            found.append(Diagnostic(known.rule, Severity.ERROR, known.problem, span, known.help, ("integration",)))
        settings = raw.get("settings", {}) if isinstance(raw, dict) else {}
        if known is not None and known.schema is not None and not fits_settings and isinstance(settings, dict):
            found += explain(document, file, known.schema.schema, settings, ("settings",))
        if fits_envelope:
            found += self._checks.check(document, file, known.descriptor if known is not None else None)
        return found


def _id(raw: Any) -> str | None:
    """Return the document's id where both of its parts are strings that could stand in one."""
    if not isinstance(raw, dict):
        return None
    integration, name = raw.get("integration"), raw.get("name")
    if isinstance(integration, str) and isinstance(name, str) and integration and name and "/" not in integration + name:
        return f"{integration}/{name}"
    return None
