"""The way in and the way out of the command line: dispatch, and one exit code and one sentence for every end.

Exit codes: 0 clean, 1 findings or failures, 2 could not run. A user's mistake never prints a traceback; a fault of
this program does, since nothing else would tell what it was.
"""

import os
import sys
from collections.abc import Sequence

from reconciler.cli.console import Fatal, complain
from reconciler.model.errors import ReconcileError, RootUnreadable

_ELSEWHERE = " (--dir names another; `reconcile new config console/hello` begins one)"


def run(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit code; called by the console script, once."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except Fatal as stop:
        complain(str(stop))
        return stop.code
    except RootUnreadable as error:
        complain(f"{error}{_ELSEWHERE if arguments[:1] != ['validate'] else ''}")
    except ReconcileError as error:
        complain(str(error))
    except BrokenPipeError:
        _close_stdout()
    except KeyboardInterrupt:
        complain("interrupted")
    except OSError as error:
        reason = error.strerror.lower() if error.strerror else str(error)
        complain(f"{error.filename}: {reason}" if error.filename else reason)
        _give_up_stdout()
    except Exception:  # noqa: BLE001  the last resort: a fault still ends with exit code 2
        _report_fault()
    else:
        return code
    return 2


def _dispatch(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["validate"] and "_RECONCILE_COMPLETE" not in os.environ:
        from reconciler.cli.quick import parse_validate

        values = parse_validate(arguments[1:], os.environ)
        if values is not None:
            from reconciler.cli.validate import validate

            return validate(**values)
    if {"--watch", "-w"}.intersection(arguments) and "_RECONCILE_COMPLETE" not in os.environ:
        from reconciler.cli.quick import parse_watch

        values = parse_watch(arguments, os.environ)
        if values is not None:
            from reconciler.cli.watch import watch

            return watch(values)
    from reconciler.cli.tree import main

    return main(arguments)


def _give_up_stdout() -> None:
    """Where it may be stdout that takes nothing, do not let the interpreter try again, and speak of that."""
    try:
        sys.stdout.flush()
    except OSError:
        _close_stdout()


def _close_stdout() -> None:
    """Let the interpreter's last flush go nowhere: whoever read our output has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_fault() -> None:
    import traceback

    traceback.print_exc()
    complain("this is a fault of reconcile, not of your files: please report it with the lines above")
