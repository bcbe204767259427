"""The application: every command in one table."""

from __future__ import annotations

import typer

from rhm_sweeps.version import __version__

from .lazy_commands import LazyCommand, LazyGroup

COMMANDS = {
    "Run sweeps": {
        "launch": "quickstart -s train_size=grid:64,256",
        "plan": "memorization -s replicas=5",
        "pools": "--pools pools.yaml memorization",
        "submit": "memorization --address http://10.0.0.1:8265 --results /shared/results",
        "resume": "quickstart",
        "pause": "quickstart",
        "stop": "quickstart --where 'copies > 0.5'",
        "retry": "quickstart --failed",
        "extend": "quickstart -s steps=16384",
        "spaces": "",
    },
    "Look at sweeps": {
        "status": "quickstart --json",
        "ls": "",
        "trials": "quickstart --where 'novel_valid > 0.2' --sort -novel_valid",
        "show": "quickstart 640a",
        "logs": "quickstart 640a --follow",
        "export": "quickstart --where 'train_size >= 64' --out results.parquet",
        "diff": "quickstart quickstart.yaml",
        "rm": "quickstart --checkpoints --yes",
    },
    "Results": {
        "analyze": "quickstart --json",
        "report": "quickstart --open",
        "ui": "quickstart --port 5001",
        "sync": "quickstart --tracking-uri http://127.0.0.1:5000",
    },
    "One model": {
        "train": "--num_classes 2 --num_synonyms 2 --train_size 64 --steps 2048 --width 64",
        "evaluate": "quickstart --trial 640a --num-samples 4096",
        "sample": "quickstart --trial 640a --count 1000 --seed 1 --out samples.csv",
        "transition": "--num-features 8 --num-synonyms 3 --process uniform --noise 0.1,0.2,0.3",
        "import": "my_ddpm_rhm.pt --logs my_ddpm_rhm_logs.pt --out my.safetensors",
        "grammar": "",
    },
}
"""Every command with the rest of an example, by what it is for; groups have examples of their own."""
MODULES = {"import": "import_model"}
"""Of commands whose names cannot be those of modules."""


class Commands(LazyGroup):
    """All of them."""

    lazy = tuple(
        LazyCommand(name, panel, example, MODULES.get(name, ""))
        for panel, commands in COMMANDS.items()
        for name, example in commands.items()
    )


app = typer.Typer(
    name="rhm-sweep",
    cls=Commands,
    help="Sweeps of diffusion models trained on the Random Hierarchy Model: when do they generalize, when do they memorize?",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda name: name.replace("_", "-"),
    },
)


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
