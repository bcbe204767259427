"""The application: every command in one table."""

from __future__ import annotations

import typer

from rhm_sweeps.version import __version__

from . import grammar, spaces
from .analyze import analyze
from .diff import diff
from .evaluate import evaluate
from .export import export
from .import_model import import_model
from .launch import launch
from .logs import logs
from .plan import plan
from .report import report
from .resume import resume
from .rm import rm
from .sample import sample
from .show import show
from .status import ls, status
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
app.command(epilog="Example: rhm-sweep launch quickstart -s train_size=grid:64,256")(launch)
app.command(epilog="Example: rhm-sweep plan memorization -s replicas=5")(plan)
app.command(epilog="Example: rhm-sweep resume quickstart")(resume)
app.command(epilog="Example: rhm-sweep status quickstart --json")(status)
app.command(epilog="Example: rhm-sweep ls")(ls)
app.command(epilog="Example: rhm-sweep trials quickstart --where 'novel_valid > 0.2' --sort -novel_valid")(trials)
app.command(epilog="Example: rhm-sweep show quickstart 640a")(show)
app.command(epilog="Example: rhm-sweep logs quickstart 640a --follow")(logs)
app.command(epilog="Example: rhm-sweep export quickstart --where 'train_size >= 64' --out results.parquet")(export)
app.command(epilog="Example: rhm-sweep diff quickstart quickstart.yaml")(diff)
app.command(epilog="Example: rhm-sweep rm quickstart --checkpoints --yes")(rm)
app.command(epilog="Example: rhm-sweep train --num_classes 2 --num_synonyms 2 --train_size 64 --steps 2048 --width 64")(
    train
)
app.command(
    epilog="Example: rhm-sweep transition --num-features 8 --num-synonyms 3 --process uniform --noise 0.1,0.2,0.3"
)(transition)
app.command(epilog="Example: rhm-sweep evaluate quickstart --trial 640a --num-samples 4096")(evaluate)
app.command(epilog="Example: rhm-sweep sample quickstart --trial 640a --count 1000 --seed 1 --out samples.csv")(sample)
app.command(
    "import",
    epilog="Example: rhm-sweep import my_ddpm_rhm.pt --logs my_ddpm_rhm_logs.pt --out my.safetensors",
)(import_model)
app.command(epilog="Example: rhm-sweep analyze quickstart --json")(analyze)
app.command(epilog="Example: rhm-sweep report quickstart --open")(report)
app.command(epilog="Example: rhm-sweep ui quickstart --port 5001")(ui)
app.add_typer(grammar.app, name="grammar")
app.add_typer(spaces.app, name="spaces")


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
