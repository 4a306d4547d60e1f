"""Builds what judges documents, light enough for a child that does nothing else."""

import os

from reconciler.compose.options import EngineOptions
from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.config.validation import Validator


def build_judges(options: EngineOptions, catalogue: Catalogue) -> tuple[SecretResolver, Validator]:
    """Return the resolver of secrets and the validator that `options` describe."""
    secrets = SecretResolver(options.secrets_dir, os.environ, revealed=options.revealed)
    plaintext = options.allow_plaintext_secrets
    return secrets, Validator(catalogue, secrets=secrets, allow_plaintext_secrets=plaintext)
