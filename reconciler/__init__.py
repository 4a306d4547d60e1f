"""reconcile: integrations as code."""

from reconciler._version import __version__

__all__ = ["__version__"]
