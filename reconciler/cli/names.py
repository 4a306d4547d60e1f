"""`--integrations a,b`, read in one place; imports nothing, since `validate` starts with it."""

from reconciler.cli.console import fail


def names(text: str | None) -> tuple[str, ...] | None:
    """Return the ids, or None where all integrations may be loaded."""
    if text is None:
        return None
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        fail("--integrations: expected ids separated by commas, such as slack,webhook, found none")
    return found
