"""The application: every command in one table."""

from __future__ import annotations

from collections.abc import Callable

import typer

from rhm_sweeps.version import __version__

from . import grammar, spaces
from .analyze import analyze
from .diff import diff
from .evaluate import evaluate
from .export import export
from .extend import extend
from .import_model import import_model
from .launch import launch
from .logs import logs
from .pause import pause
from .plan import plan
from .pools import pools
from .report import report
from .resume import resume
from .retry import retry
from .rm import rm
from .sample import sample
from .show import show
from .status import ls, status
from .stop import stop
from .sync import sync
from .train import train
from .transition import transition
from .trials import trials
from .ui import ui

app = typer.Typer(
    name="rhm-sweep",
    help="Sweeps of diffusion models trained on the Random Hierarchy Model: when do they generalize, when do they memorize?",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda name: name.replace("_", "-"),
    },
)
COMMANDS: dict[str, list[tuple[Callable[..., None], str]]] = {
    "Run sweeps": [
        (launch, "launch quickstart -s train_size=grid:64,256"),
        (plan, "plan memorization -s replicas=5"),
        (pools, "pools --pools pools.yaml memorization"),
        (resume, "resume quickstart"),
        (pause, "pause quickstart"),
        (stop, "stop quickstart --where 'copies > 0.5'"),
        (retry, "retry quickstart --failed"),
        (extend, "extend quickstart -s steps=16384"),
    ],
    "Look at sweeps": [
        (status, "status quickstart --json"),
        (ls, "ls"),
        (trials, "trials quickstart --where 'novel_valid > 0.2' --sort -novel_valid"),
        (show, "show quickstart 640a"),
        (logs, "logs quickstart 640a --follow"),
        (export, "export quickstart --where 'train_size >= 64' --out results.parquet"),
        (diff, "diff quickstart quickstart.yaml"),
        (rm, "rm quickstart --checkpoints --yes"),
    ],
    "Results": [
        (analyze, "analyze quickstart --json"),
        (report, "report quickstart --open"),
        (ui, "ui quickstart --port 5001"),
        (sync, "sync quickstart --tracking-uri http://127.0.0.1:5000"),
    ],
    "One model": [
        (train, "train --num_classes 2 --num_synonyms 2 --train_size 64 --steps 2048 --width 64"),
        (evaluate, "evaluate quickstart --trial 640a --num-samples 4096"),
        (sample, "sample quickstart --trial 640a --count 1000 --seed 1 --out samples.csv"),
        (transition, "transition --num-features 8 --num-synonyms 3 --process uniform --noise 0.1,0.2,0.3"),
        (import_model, "import my_ddpm_rhm.pt --logs my_ddpm_rhm_logs.pt --out my.safetensors"),
    ],
}
"""Every command with an example, by what it is for."""

for panel, commands in COMMANDS.items():
    for command, example in commands:
        name = example.split()[0]
        app.command(name, epilog=f"Example: rhm-sweep {example}", rich_help_panel=panel)(command)
app.add_typer(spaces.app, name="spaces", rich_help_panel="Run sweeps")
app.add_typer(grammar.app, name="grammar", rich_help_panel="One model")


def _version(show: bool) -> None:
    if show:
        typer.echo(f"rhm-sweep {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Sweeps of diffusion models trained on the Random Hierarchy Model."""
