"""Builds the catalogue of integrations; `validate` and `schema` need nothing else."""

from collections.abc import Collection

from reconciler.config.catalogue import Catalogue


def build_catalogue(integrations: Collection[str] | None = None) -> Catalogue:
    """Return the catalogue of what is installed, or of `integrations` among it; imports no integration."""
    return Catalogue(allowed=integrations)
