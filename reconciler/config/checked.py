"""The verdict on one document, as a value."""

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.core.claims import Claims
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from reconciler.config.secret_trial import SecretUse


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
