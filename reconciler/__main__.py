"""The console script: answers `--version` before it imports anything heavy."""
import sys
def main() -> None:
    """Run the command line."""
    from reconciler.cli.app import run
    sys.exit(run())
if __name__ == "__main__":
    main()
