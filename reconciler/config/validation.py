"""The verdict on one document, and why: envelope, settings, then what schemas cannot say. Runs nobody's code.

The happy path is two calls into jsonschema-rs and a digest; `explain.py` is loaded when something is wrong. Called by
the directory for files, by the engine for documents out of the state directory, and by `validate`.
"""

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from reconciler.config.catalogue import Catalogue
from reconciler.config.checks.checks import Checks, Expectations, sound_parts
from reconciler.config.schemas.envelope import Envelope
from reconciler.config.schemas.schema import ResolvedSchema, SettingsSchema
from reconciler.config.secrets import SecretResolver
from reconciler.config.yaml.reader import RawDocument
from reconciler.core.claims import Claims
from reconciler.core.findings.nearest import known_names, nearest
from reconciler.model import rules
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.errors import ReconcileError, RegistrationError, UnknownIntegration
from reconciler.model.json import Path, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.config.explain.explain import Explainer
    from reconciler.config.policy.policy import Bounds
    from reconciler.config.secret_trial import SecretUse


_MANY: Final = 50
"""With so many findings, some may have been left out: what else is right is not known then."""


class Checked(Struct):  # not frozen: one is made for each document, and freezing costs a tenth of the verdict
    """One document's verdict. `document` is None when any of `diagnostics` is an error.

    `id` is given whenever integration and name are readable strings. `persistable` is false when a literal stands at
    the place of a secret: such a document is never written to the state directory. `use` is what it refers to, where
    the validator keeps that, and `claims` what its integration's configurations need for themselves.
    """

    document: ConfigDocument | None
    id: str | None
    diagnostics: tuple[Diagnostic, ...] = ()
    persistable: bool = True
    use: "SecretUse | None" = None
    claims: Claims | None = None


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


class Validator:
    """Judges documents by the envelope, their integration's schema and the semantic checks."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        secrets: SecretResolver,
        allow_plaintext_secrets: bool = False,
        keep_uses: bool = False,
        digests: bool = True,
        code_digest: "Callable[[], str] | None" = None,
    ) -> None:
        """Take what is installed and what knows secrets.

        `keep_uses`: verdicts hold what documents refer to; without `digests`, documents have none: who only reports
        findings saves a tenth of the time. `code_digest` says which code judges.
        """
        self._catalogue = catalogue
        self._secrets = secrets
        self._allow_plaintext = allow_plaintext_secrets
        self._keep_uses = keep_uses
        self._digests = digests
        self._code_digest = code_digest
        self._start()

    def _start(self) -> None:
        self._envelope = Envelope()
        self._checks = Checks(self._secrets)
        self._known: dict[str, _Known | _Problem] = {}
        self._explainers: dict[str, Explainer] = {}
        self._code = ""

    def __getstate__(self) -> dict[str, Any]:
        """Send another process what it needs to compile its own; compiled schemas do not travel."""
        kept = ("_catalogue", "_secrets", "_allow_plaintext", "_keep_uses", "_digests", "_code_digest")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def forget(self, integration_id: str) -> None:
        """Forget an integration's schema: its class was registered or taken back."""
        self._known.pop(integration_id, None)
        self._explainers.pop(integration_id, None)

    @property
    def installed(self) -> list[str]:
        """The ids of all integrations that may be named, sorted."""
        return self._catalogue.ids()

    def missing(self, integration_id: str) -> str | None:
        """Return a line of help where no such integration is installed, None where one is, allowed or not."""
        if integration_id in self._catalogue.ids() or self._catalogue.is_left_out(integration_id):
            return None
        return self._unknown(integration_id).help

    def installed_since(self) -> frozenset[str]:
        """Return the integrations that were said not to be installed, and are by now: something else is to be said.

        Costs nothing where none is missing, and some milliseconds otherwise.
        """
        problems = [(name, known) for name, known in self._known.copy().items() if isinstance(known, _Problem)]
        missing = [name for name, known in problems if known.is_missing]
        return self._catalogue.installed_since(missing) if missing else frozenset()

    def claims_anything(self, integration_id: str) -> bool:
        """Whether configurations of an integration may need something for themselves, or for it alone."""
        known = self._integration(integration_id)
        return isinstance(known, _Known) and bool(known.expectations.claims)

    def failure(self, integration_id: str) -> str:
        """Return why an integration cannot be used, as far as a document has named it; the empty string if it can."""
        known = self._known.get(integration_id)
        return known.cause if isinstance(known, _Problem) else ""

    @property
    def secrets(self) -> SecretResolver:
        """What knows the schemes of references."""
        return self._secrets

    def resolved_schema(self, integration_id: str) -> ResolvedSchema:
        """Return the schema by which settings are judged whose references are resolved."""
        return ResolvedSchema(self._catalogue.descriptor(integration_id).schema or {})

    def note_code(self) -> None:
        """Take in which code judges, before any of it is replaced on disk beneath this process."""
        from reconciler.config.basis import code_digest

        self._code = self._code or (self._code_digest or code_digest)()

    def basis(self, integration_id: str) -> str:
        """Return a digest of all that the verdict on a valid document of an integration hangs on, but the document.

        A start does not judge again what was judged on the same basis (`tree/kept.py`). So **whatever this class comes
        to judge by goes in here**: an option, a file. The code is in it already; the policy of the directory, which
        comes with each file, is compared beside it. The empty string where nothing may be kept, since the integration
        is not known or cannot be used.
        """
        self.note_code()
        try:
            descriptor = self._catalogue.descriptor(integration_id)
        except ReconcileError:
            return ""
        judged_by: list[Any] = [
            self._code,
            self._allow_plaintext,
            self._secrets.schemes,
            repr(descriptor),
            descriptor.schema,
        ]
        return digest(judged_by) if self._code else ""

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
        """Judge a document out of the state directory, but for the policy; positions are 1:1."""
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
