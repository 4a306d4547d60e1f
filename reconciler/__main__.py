"""The console script: answers `--version` before it imports anything heavy, and hands over to the command line."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from reconciler._version import __version__

        sys.stdout.write(f"reconcile {__version__}\n")
        return
    from reconciler.cli.app import run

    code = run(sys.argv[1:])
    if sys.argv[1:2] == ["validate"]:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End at once: to give back, object by object, what many files took is time that somebody waits for."""
    import contextlib
    import os

    with contextlib.suppress(OSError, ValueError):  # nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
