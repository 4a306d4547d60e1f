"""The verdict on one document, and why: envelope, settings, then what schemas cannot say. Runs nobody's code.

The happy path is two calls into jsonschema-rs and a digest; `explain.py` is loaded when something is wrong. It is the
`Validator` that is asked, and has one of these as soon as there is a document to judge.
"""

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from reconciler.config.catalogue import Catalogue
from reconciler.config.checked import Checked
from reconciler.config.checks.checks import Checks, Expectations, sound_parts
from reconciler.config.schemas.envelope import Envelope
from reconciler.config.schemas.schema import SettingsSchema
from reconciler.config.secrets import SecretResolver
from reconciler.config.yaml.reader import RawDocument
from reconciler.core.findings.nearest import known_names, nearest
from reconciler.model import rules
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.errors import RegistrationError, UnknownIntegration
from reconciler.model.json import Path, digest

if TYPE_CHECKING:
    from reconciler.config.explain.explain import Explainer
    from reconciler.config.policy.policy import Bounds
    from reconciler.config.secret_trial import SecretUse


_MANY: Final = 50
"""With so many findings, some may have been left out: what else is right is not known then."""


class _Known(Struct, frozen=True):
    """What validation remembers of one integration: its schema, or what is wrong with it."""

    schema: SettingsSchema
    strict: SettingsSchema | None
    """The schema that takes no literal for a secret, where `schema` does."""
    expectations: Expectations

    def literals(self, settings: Any) -> tuple[Path, ...]:
        """Return the places in a document with valid settings, or what is around them, where a literal is a secret."""
        if self.strict is None or self.strict.is_valid(settings):
            return ()
        return tuple(("settings", *place) for place in self.strict.misfits(settings)) or (("settings",),)


class _Problem(Struct, frozen=True):
    """Why no configuration of an integration can be valid."""

    rule: str
    message: str
    help: str
    cause: str = ""
    """What makes the integration itself unusable."""
    near: str | None = None
    """The integration that may be meant."""
    is_missing: bool = False
    """Whether it is not installed, as far as was known when it was looked for."""


class Judge:
    """Judges documents by the envelope, their integration's schema and the semantic checks."""

    def __init__(
        self, catalogue: Catalogue, secrets: SecretResolver, *, allow_plaintext: bool, keep_uses: bool, digests: bool
    ) -> None:
        """Take what the `Validator` was given."""
        self._catalogue = catalogue
        self._allow_plaintext = allow_plaintext
        self._keep_uses = keep_uses
        self._digests = digests
        self._envelope = Envelope()
        self._checks = Checks(secrets)
        self._known: dict[str, _Known | _Problem] = {}
        self._explainers: dict[str, Explainer] = {}

    def forget(self, integration_id: str) -> None:
        """Forget an integration's schema: its class was registered or taken back."""
        self._known.pop(integration_id, None)
        self._explainers.pop(integration_id, None)

    def unknown(self, integration_id: str) -> str:
        """Return a line of help for an integration that is not installed."""
        return self._unknown(integration_id).help

    def missing(self) -> list[str]:
        """Return the integrations that were said not to be installed."""
        problems = [(name, known) for name, known in self._known.copy().items() if isinstance(known, _Problem)]
        return [name for name, known in problems if known.is_missing]

    def claims_anything(self, integration_id: str) -> bool:
        """Whether configurations of an integration may need something for themselves, or for it alone."""
        known = self._integration(integration_id)
        return isinstance(known, _Known) and bool(known.expectations.claims)

    def failure(self, integration_id: str) -> str:
        """Return why an integration cannot be used, as far as a document has named it; the empty string if it can."""
        known = self._known.get(integration_id)
        return known.cause if isinstance(known, _Problem) else ""

    def check(self, document: RawDocument, file: str, bounds: "Bounds | None" = None) -> Checked:
        """Judge one document of a file; releases its positions when nothing is wrong with it. Never raises for it.

        `bounds` is what the policy of the directory asks of the file.
        """
        raw = document.value
        if not self._envelope.is_valid(raw):
            return self._explained(document, file, bounds, fits_envelope=False)
        known = self._integration(raw["integration"])
        settings = raw.get("settings")
        if not isinstance(known, _Known) or not known.schema.is_valid({} if settings is None else settings):
            return self._explained(document, file, bounds, fits_envelope=True)
        found = self._checks.check(document, file, raw, known.expectations)
        if bounds is not None:
            found += bounds.breaches(document, file)
        config_id = f"{raw['integration']}/{raw['name']}"
        use = self._use(document, file) if self._keep_uses else None
        if found:
            found.sort(key=Diagnostic.sort_key)
            if any(d.is_error for d in found):
                return Checked(None, config_id, tuple(found))
        else:
            document.release()
        literals = () if known.strict is None else known.literals({} if settings is None else settings)
        valid = ConfigDocument(raw, digest(raw) if self._digests else "", literals)
        return Checked(valid, config_id, tuple(found), not literals, use, known.expectations.claims)

    @staticmethod
    def _use(document: RawDocument, file: str) -> "SecretUse | None":
        from reconciler.config.secret_trial import use_of

        return use_of(document, file)

    def check_value(self, raw: dict[str, Any]) -> Checked:
        """Judge a value that stands in no file; positions are 1:1."""
        return self.check(RawDocument(raw, 1), "")

    def _integration(self, name: str) -> _Known | _Problem:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._learn(name)
        return known

    def _learn(self, name: str) -> _Known | _Problem:
        try:
            descriptor = self._catalogue.descriptor(name)
            schema = SettingsSchema(descriptor.schema or {}, allow_plaintext=self._allow_plaintext)
            strict = SettingsSchema(descriptor.schema or {}) if self._allow_plaintext else None
        except UnknownIntegration:
            return self._unknown(name)
        except RegistrationError as error:
            message = f"the integration `{name}` cannot be used: {error}"
            return _Problem(rules.INTEGRATION_FAILED, message, "its author has to fix it", str(error))
        return _Known(schema, strict, Expectations.of(descriptor))

    def _unknown(self, name: str) -> _Problem:
        ids = self._catalogue.ids()
        if self._catalogue.is_left_out(name):
            message = f"the integration `{name}` is installed, but not among those that are allowed"
            known = known_names(ids) or "none of those named there is installed"
            return _Problem(rules.UNKNOWN_INTEGRATION, message, f"allow it with --integrations; {known}")
        if self._catalogue.installed_since([name]):
            message = f"the integration `{name}` has been installed since this process started"
            return _Problem(rules.UNKNOWN_INTEGRATION, message, "restart it: it knows what was installed before")
        near = nearest(name, ids)
        help_text = " ".join(part for part in (f"did you mean `{near}`?" if near else "", known_names(ids)) if part)
        message = f"no integration `{name[:63]}` is installed"
        return _Problem(rules.UNKNOWN_INTEGRATION, message, help_text or "install it", near=near, is_missing=True)

    def _explained(self, document: RawDocument, file: str, bounds: "Bounds | None", *, fits_envelope: bool) -> Checked:
        """Say all that is wrong, in the parts that can be judged although others are wrong."""
        from reconciler.config.explain.misplaced import told_where

        raw = document.value
        found = [] if fits_envelope else self._why(document, file, "", self._envelope.schema, ())
        name = raw.get("integration") if isinstance(raw, dict) else None
        known = self._integration(name) if isinstance(name, str) and name else None
        if isinstance(known, _Problem):
            path: Path = ("integration",)
            span = document.span(path, file)
            from reconciler.config.explain.fixes import suggest

            # Which integrations are installed differs between machines: the nearest name is no more than a guess.
            fix = suggest(document.written(path, file), known.near)
            found.append(Diagnostic(known.rule, Severity.ERROR, known.message, span, known.help, path, fix=fix))
        if isinstance(known, _Known):
            settings = raw.get("settings", {})
            if isinstance(settings, dict) and not known.schema.is_valid(settings):
                found += self._why(document, file, str(name), known.schema.schema, ("settings",))
            found = told_where(found, str(name), self._envelope.keys, known.schema.schema.get("properties", {}))
        if isinstance(raw, dict) and len(found) < _MANY and all(d.path or d.rule == rules.MISSING_KEY for d in found):
            sound = sound_parts(raw, [d.path for d in found if d.path])
            expectations = known.expectations if isinstance(known, _Known) else Expectations()
            found += self._checks.check(document, file, sound, expectations)
        if bounds is not None:
            found += bounds.breaches(document, file)
        return Checked(None, _id(raw), tuple(sorted(dict.fromkeys(found), key=Diagnostic.sort_key)))

    def _why(
        self, document: RawDocument, file: str, about: str, schema: dict[str, Any], base: Path
    ) -> list[Diagnostic]:
        """Explain by the schema of the integration `about`, the empty string being the envelope."""
        from reconciler.config.explain.explain import Explainer

        explainer = self._explainers.get(about)
        if explainer is None:
            explainer = self._explainers[about] = Explainer(schema)
        value = document.value if not base else document.value.get(base[0], {})
        return explainer.explain(document, file, value, base)


def _id(raw: Any) -> str | None:
    """Return the document's id where both of its parts are strings that could stand in one."""
    if not isinstance(raw, dict):
        return None
    integration, name = raw.get("integration"), raw.get("name")
    if (
        isinstance(integration, str)
        and isinstance(name, str)
        and integration
        and name
        and "/" not in integration + name
    ):
        return f"{integration}/{name}"
    return None
