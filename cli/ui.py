"""`rhm-sweep ui`: MLflow's pages for a sweep."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rhm_sweeps.credentials import redact, without_credentials

from .output import Json, print_json, stderr, stdout
from .session_flags import DEFAULT_RESULTS, Results, TrackingUri

if TYPE_CHECKING:
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.tracking.store import Store
    from rhm_sweeps.tracking.ui import SweepPages

LatestSweep = Annotated[str | None, typer.Argument(help="Name of a sweep; default: the latest.", show_default=False)]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine; another if it is taken.")]
PrintOnly = Annotated[
    bool,
    typer.Option("--print-only", "--no-serve", help="Print the address of the trials' table, and start nothing."),
]


def ui(
    name: LatestSweep = None,
    *,
    results: Results = DEFAULT_RESULTS,
    tracking_uri: TrackingUri = None,
    port: Port = 5000,
    print_only: PrintOnly = False,
    as_json: Json = False,
) -> None:
    """Show a sweep in MLflow's UI: serve its store on this machine until Ctrl-C, and print where its trials are compared.

    The first address is the table of its trials: swept parameters, regime, time scales, the most novel first. For a sweep
    that is tracked on a server nothing is started, and --json too only prints.
    """
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.tracking.server import HOST, free_port
    from rhm_sweeps.tracking.store import sweep_store
    from rhm_sweeps.tracking.ui import sweep_pages

    name = name or _latest(results)
    with Ledger(sweep_folder(results, name).path) as ledger:
        store = sweep_store(ledger, tracking_uri, results.resolve().parent)
        _catch_up(ledger, store)
        serve = not (print_only or as_json or store.is_server)
        chosen = free_port(port) if serve else port
        base_url = without_credentials(store.uri) if store.is_server else f"http://{HOST}:{chosen}"
        pages = sweep_pages(base_url, store, name, ledger)
    if as_json:
        document = {"name": name, "url": pages.table, "tracking_uri": redact(store.uri)}
        print_json({**document, "experiment": store.experiment, "pages": asdict(pages)})
    elif serve:
        if chosen != port:
            stderr.print(f"port {port} is taken; serving on {chosen} instead", markup=False)
        _serve(store, chosen, pages)
    else:
        stdout.print(pages.table, markup=False, soft_wrap=True)


def _latest(results: Path) -> str:
    """The name of the sweep that was started last."""
    from rhm_sweeps.errors import UsageError
    from rhm_sweeps.sweeps.folder import sweep_names

    names = sweep_names(results)
    if not names:
        raise UsageError(f"there are no sweeps in {results}; start one with `rhm-sweep launch quickstart`")
    return names[0]


def _catch_up(ledger: Ledger, store: Store) -> None:
    """Send what the store lacks, unless the sweep is being driven now: then its driver does."""
    from rhm_sweeps.errors import LockedError
    from rhm_sweeps.tracking.projection import Projector, is_behind

    with suppress(LockedError), Projector(ledger, store) as projector:
        if is_behind(ledger, store):
            stderr.print("sending to MLflow what it does not have yet", markup=False)
            projector.advance()


def _serve(store: Store, port: int, pages: SweepPages) -> None:
    """Serve the store until Ctrl-C."""
    from rhm_sweeps.errors import TrackingError
    from rhm_sweeps.tracking.server import serve

    with suppress(KeyboardInterrupt), serve(store, port) as process:
        stdout.print(pages.table, markup=False, soft_wrap=True)
        for kind, url in (("charts", pages.charts), ("runs", pages.runs), ("compare", pages.compare)):
            if url:
                stderr.print(f"{kind:7} {url}", markup=False, soft_wrap=True)
        stderr.print("Ctrl-C ends the server", markup=False)
        raise TrackingError(f"MLflow's server ended by itself with status {process.wait()}")
