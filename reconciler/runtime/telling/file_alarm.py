"""The alarm for what is wrong with the files and with no configuration: it is in no list of these. Pure."""

from collections.abc import Iterator, Sequence

from reconciler.model.diagnostic import Diagnostic


def file_alarm(root: str, homeless: Sequence[Diagnostic]) -> Iterator[str]:
    """Yield one sentence about all of `homeless`, the first of them by its place; nothing where there are none."""
    if not homeless:
        return
    first, more = homeless[0], len(homeless) - 1
    others = f" (and {more} more)" if more else ""
    place = f"{root}/{first.span.file}:{first.span.line}"
    yield f"{place}: {first.message}{others}: it is not in force, `reconcile validate` shows it"
