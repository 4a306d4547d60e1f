"""The collector of cycles, kept out of work in bulk. Called where many files are read at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_gc() -> Iterator[None]:
    """Keep the cycle collector out of bulk work: what is made there has no cycles, and collecting costs a tenth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
