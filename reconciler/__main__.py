"""The console script: answers `--version` before it imports anything heavy, and hands over to the command line."""

import sys


def script() -> None:
    """Run the command line as a process of its own, and end that."""
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

        sys.stdout.write(f"reconcile {__version__}\n")
        return
    from reconciler.cli.app import run

    sys.exit(run(sys.argv[1:]))


def _end(code: int) -> None:
    """End the process at once: to give back, object by object, what many files took is time that somebody waits for."""
    import contextlib
    import os

    with contextlib.suppress(OSError, ValueError):  # nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    script()
