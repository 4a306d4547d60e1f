"""The console script: answers `--version` before it imports anything heavy, and hands over to the command line."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from reconciler._version import __version__

        sys.stdout.write(f"reconcile {__version__}\n")
        return
    from reconciler.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
