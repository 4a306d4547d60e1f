"""What judges documents, as all others see it: the verdict on one, and the basis that verdicts hang on.

What a verdict comes out of is `judge.py`'s, which is loaded with the first document. Asked by the directory for files,
by the engine for documents out of the state directory, and by `validate`.
"""

from typing import TYPE_CHECKING, Any

from reconciler.config.catalogue import Catalogue
from reconciler.config.checked import Checked
from reconciler.config.schemas.schema import ResolvedSchema
from reconciler.config.secrets import SecretResolver
from reconciler.model.errors import ReconcileError
from reconciler.model.json import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.config.judge import Judge
    from reconciler.config.policy.policy import Bounds
    from reconciler.config.yaml.reader import RawDocument


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
        self._made: Judge | None = None
        self._code = ""

    def __getstate__(self) -> dict[str, Any]:
        """Send another process what it needs to compile its own; compiled schemas do not travel."""
        kept = ("_catalogue", "_secrets", "_allow_plaintext", "_keep_uses", "_digests", "_code_digest")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    @property
    def _judge(self) -> "Judge":
        """What judges: not made, nor imported, where nothing is to be judged, as at a start with nothing changed."""
        judge = self._made
        if judge is None:
            from reconciler.config.judge import Judge

            judge = self._made = Judge(
                self._catalogue,
                self._secrets,
                allow_plaintext=self._allow_plaintext,
                keep_uses=self._keep_uses,
                digests=self._digests,
            )
        return judge

    def prepare(self) -> None:
        """Have ready what judges: nothing of it is to be imported later, from code that was replaced meanwhile."""
        assert self._judge

    def forget(self, integration_id: str) -> None:
        """Forget an integration's schema: its class was registered or taken back."""
        if self._made is not None:
            self._made.forget(integration_id)

    @property
    def installed(self) -> list[str]:
        """The ids of all integrations that may be named, sorted."""
        return self._catalogue.ids()

    def missing(self, integration_id: str) -> str | None:
        """Return a line of help where no such integration is installed, None where one is, allowed or not."""
        if integration_id in self._catalogue.ids() or self._catalogue.is_left_out(integration_id):
            return None
        return self._judge.unknown(integration_id)

    def installed_since(self) -> frozenset[str]:
        """Return the integrations that were said not to be installed, and are by now: something else is to be said.

        Costs nothing where none is missing, and some milliseconds otherwise.
        """
        missing = self._made.missing() if self._made is not None else []
        return self._catalogue.installed_since(missing) if missing else frozenset()

    def claims_anything(self, integration_id: str) -> bool:
        """Whether configurations of an integration may need something for themselves, or for it alone."""
        return self._judge.claims_anything(integration_id)

    def failure(self, integration_id: str) -> str:
        """Return why an integration cannot be used, as far as a document has named it; the empty string if it can."""
        return self._made.failure(integration_id) if self._made is not None else ""

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

    def check(self, document: "RawDocument", file: str, bounds: "Bounds | None" = None) -> Checked:
        """Judge one document of a file; releases its positions when nothing is wrong with it. Never raises for it.

        `bounds` is what the policy of the directory asks of the file.
        """
        return (self._made or self._judge).check(document, file, bounds)

    def check_value(self, raw: dict[str, Any]) -> Checked:
        """Judge a document out of the state directory, but for the policy; positions are 1:1."""
        return self._judge.check_value(raw)
