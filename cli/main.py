"""The entry point: runs the application and turns errors into one clean message and an exit code."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from types import TracebackType

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import RhmSweepError

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Imports make half a million objects that stay; to look through them for garbage every 700, the default, is a fifth of their time."""


def main(arguments: list[str] | None = None) -> None:
    """Run `rhm-sweep` and exit: 0 done, 1 failed, 2 usage, 130 or 143 interrupted."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)  # before anything large is imported
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments or bool(os.environ.get("RHM_SWEEP_DEBUG"))
    arguments = [argument for argument in arguments if argument != "--debug"]
    if debug:
        sys.excepthook = _show_traceback
    try:
        from .app import app

        app(args=arguments, prog_name="rhm-sweep")
    except RhmSweepError as error:
        if debug:
            raise
        _say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        _say(f"unexpected {type(error).__name__}: {error}\nRun again with --debug for the traceback.")
        sys.exit(1)


def _say(message: str) -> None:
    from .output import stderr

    stderr.print("[bold red]Error:[/] ", end="")
    stderr.print(redact(message), markup=False, soft_wrap=True)


def _show_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    from .output import stderr

    stderr.print(redact("".join(traceback.format_exception(kind, error, trace))), end="", markup=False, soft_wrap=True)
