"""The hooks that authors use, and the base of their own."""

from reconciler.sdk.hooks.base import Hook, HookOwner, HookSet

__all__ = ["Hook", "HookOwner", "HookSet"]
