"""The console script: answers `--version` before it imports anything heavy, and hands over to the command line."""

import os
import sys


def script() -> None:
    """Run the command line as a process of its own, and end that."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_closed()
    try:
        main()
    except SystemExit as stop:
        if sys.argv[1:2] != ["validate"] or not isinstance(stop.code, int):
            raise
        _end(stop.code)


def main() -> None:
    """Run the command line and raise SystemExit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from reconciler._version import __version__

        sys.exit(_say(f"reconcile {__version__}\n"))
    from reconciler.cli.app import run

    sys.exit(run(sys.argv[1:]))


def _say(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        sys.stderr.write(f"error: {(error.strerror or '').lower()}\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter would try once more
        return 2
    return 0


def _open_closed() -> None:
    """Put something where a stream was closed: else a file that is opened next, a database too, would be in its place.

    What is written to stdout fails then, as on a disk that is full; what is for stderr cannot be told to anybody.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        if (sys.stdin, sys.stdout, sys.stderr)[number] is None:
            handle = os.open(os.devnull, flags)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _end(code: int) -> None:
    """End the process at once: to give back, object by object, what many files took is time that somebody waits for."""
    import contextlib

    with contextlib.suppress(OSError, ValueError):  # nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    script()
