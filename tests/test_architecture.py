"""The layers of the package hold: who may import whom, and where Ray, MLflow and Typer live."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

# Each layer and what it may import besides itself; a layer that is not named here may not exist.
LAYERS: dict[str, frozenset[str]] = dict.fromkeys(
    (
        "version",
        "errors",
        "credentials",
        "printable",
        "streams",
        "compiled",
        "code_identity",
        "cache_folder",
        "nearest_name",
        "whole_file",
    ),
    frozenset(),
)
LAYERS["terminal"] = frozenset({"printable"})
LAYERS["yaml_loader"] = frozenset({"errors"})
LAYERS["explicit_grammars"] = frozenset({"errors", "nearest_name", "yaml_loader"})
for layer in ("config", "grammar", "diffusion", "models", "training", "evaluation"):
    LAYERS[layer] = frozenset(LAYERS)
LAYERS["ledger"] = frozenset({"errors", "credentials"})
LAYERS["spaces"] = frozenset(
    {"errors", "nearest_name", "credentials", "yaml_loader", "explicit_grammars", "config", "evaluation"}
)
LAYERS["search"] = frozenset({"errors", "config", "spaces", "ledger"})
LAYERS["schedulers"] = frozenset({"errors", "config", "spaces", "ledger"})
for layer in ("packs", "storage", "pools", "running"):
    LAYERS[layer] = frozenset(LAYERS)
LAYERS["tracking"] = LAYERS["packs"]
LAYERS["sweeps"] = frozenset(LAYERS)
LAYERS["views"] = frozenset(LAYERS)
LAYERS["analysis"] = frozenset({"version", "errors", "printable", "config", "grammar", "evaluation", "tracking"})
LAYERS["sweep_report"] = frozenset(LAYERS)
LAYERS["sweep_sync"] = frozenset(LAYERS)
LAYERS["sweep"] = frozenset(LAYERS)
LAYERS["cli"] = frozenset(LAYERS)
LAYERS["__main__"] = frozenset({"cli"})

DEFERRED = {
    ("rhm_sweeps.sweeps.session_options", "rhm_sweeps.tracking.connection"),
    ("rhm_sweeps.tracking.writer", "rhm_sweeps.tracking.projection"),
    ("rhm_sweeps.running.prepared_worker", "rhm_sweeps.models.fused"),
    ("rhm_sweeps.running.prepared_worker", "rhm_sweeps.running.trainable"),
}
"""What the library imports within functions: MLflow not before the first packs, and what trains them while Ray waits for them."""

RAY_FILES = frozenset(
    f"rhm_sweeps.running.{name}"
    for name in (
        "job_cluster",
        "jobs_through_client",
        "local_ray",
        "node_check",
        "pack_tuner",
        "ray_cluster",
        "ray_events",
        "trainable",
    )
)
ONLY_IN = {
    "ray": lambda module: module in RAY_FILES,
    "mlflow": lambda module: layer_of(module) == "tracking",
    "optuna": lambda module: layer_of(module) == "search",
    "cmaes": lambda module: layer_of(module) == "search",
    "typer": lambda module: layer_of(module) == "cli",
}
HEAVY = {"torch", "ray", "mlflow", "pandas", "pyarrow", "matplotlib", "scipy", "sklearn"}


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name: where it is imported, and whether that is inside a function."""

    importer: str
    target: str
    place: str
    deferred: bool
    relative: bool


def layer_of(module: str) -> str:
    """The name below `rhm_sweeps` that a module belongs to, "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def module_files() -> dict[str, Path]:
    """Every module by its installed name."""
    files = {}
    for folder, name in ((ROOT / "rhm_sweeps", "rhm_sweeps"), (ROOT / "cli", "rhm_sweeps.cli")):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            files[".".join((name, *parts)).removesuffix(".__init__")] = path
    return files


def imports_of(module: str, path: Path) -> Iterator[Import]:
    """Yield each imported module; `from a import b` is `a.b` if that is a module of ours, else `a`."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text())
    in_functions = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        deferred = id(node) in in_functions
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, place, deferred, relative=False)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                target = f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base
                yield Import(module, target, place, deferred, relative=node.level > 0)


MODULES = module_files()
IMPORTS = [found for module, path in MODULES.items() for found in imports_of(module, path)]
OWN = [found for found in IMPORTS if found.target.partition(".")[0] == "rhm_sweeps"]


def test_the_reader_of_imports_finds_them() -> None:
    """Known edges of three kinds: absolute, relative, and inside a function."""
    edges = {(found.importer, found.target, found.deferred, found.relative) for found in OWN}
    assert ("rhm_sweeps.config.parsing", "rhm_sweeps.errors", False, False) in edges
    assert ("rhm_sweeps.cli.launch", "rhm_sweeps.cli.expectation", False, True) in edges
    assert ("rhm_sweeps.cli.main", "rhm_sweeps.cli.app", True, True) in edges


def test_layers_import_downwards_only() -> None:
    wrong = [
        f"{found.place}: {layer_of(found.importer)} may not import {found.target}"
        for found in OWN
        if layer_of(found.importer)
        and layer_of(found.target) != layer_of(found.importer)
        and layer_of(found.target) not in LAYERS[layer_of(found.importer)]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_package_itself_imports_only_its_version() -> None:
    assert {found.target for found in OWN if not layer_of(found.importer)} == {"rhm_sweeps.version"}


def test_analysis_takes_only_theory_from_grammar() -> None:
    """Analysis works on results; grammars belong to training."""
    wrong = [
        f"{found.place}: imports {found.target}"
        for found in OWN
        if layer_of(found.importer) == "analysis"
        and layer_of(found.target) == "grammar"
        and found.target != "rhm_sweeps.grammar.theory"
    ]
    assert not wrong, "\n".join(wrong)


def test_analysis_evaluates_nothing_but_what_the_sampler_allows() -> None:
    """It reads what was measured; the sampler's ceiling alone is computed, as it says what the measurement could show."""
    found = {
        (o.importer, o.target) for o in OWN if layer_of(o.importer) == "analysis" and layer_of(o.target) == "evaluation"
    }
    assert found == {("rhm_sweeps.analysis.trials.ceilings", "rhm_sweeps.evaluation.sampler_ceiling")}


def test_tracking_does_not_know_ray() -> None:
    wrong = [found.place for found in OWN if layer_of(found.importer) == "tracking" and found.target in RAY_FILES]
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_through_others() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in OWN:
        if not found.deferred:
            graph[found.importer].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("import cycle: " + " -> ".join(reversed(error.args[1])))


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_is_imported_in_its_place_only(library: str) -> None:
    wrong = [
        f"{found.place}: imports {found.target}"
        for found in IMPORTS
        if found.target.partition(".")[0] == library and not ONLY_IN[library](found.importer)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_library_imports_next_to_nothing_inside_functions() -> None:
    deferred = {
        (found.importer, found.target) for found in IMPORTS if found.deferred and layer_of(found.importer) != "cli"
    }
    assert deferred == DEFERRED


def test_the_command_line_imports_itself_relatively() -> None:
    """The folder is `cli` in the repository and `rhm_sweeps.cli` when installed; relative names are right in both."""
    wrong = [
        f"{found.place}: imports {found.target} by its absolute name"
        for found in OWN
        if layer_of(found.importer) == "cli" and layer_of(found.target) == "cli" and not found.relative
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_imported_is_declared() -> None:
    """A package that is here only because another one needs it can vanish with the next version of that one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for extra, lines in project["optional-dependencies"].items() if extra != "dev" for line in lines]
    lines = project["dependencies"] + extras
    declared = {canonicalize_name(Requirement(line).name) for line in lines} | {"pydantic-core"}
    distributions = packages_distributions()
    tops = {found.target.partition(".")[0] for found in IMPORTS} - sys.stdlib_module_names - {"rhm_sweeps"}
    undeclared = {top for top in tops if not declared & {canonicalize_name(name) for name in distributions[top]}}
    assert not undeclared


@pytest.mark.parametrize("shown", ["--help", "status --help", "train --help"])
def test_start_up_imports_nothing_heavy(shown: str) -> None:
    """Help and completion stay fast."""
    code = (
        "import sys; sys.argv[1:] = %r\n"
        "from rhm_sweeps.cli.main import main\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    words = [sys.executable, "-c", code % shown.split()]
    modules = subprocess.run(words, capture_output=True, text=True, check=True).stderr.split()
    assert "typer" in modules
    heavy = HEAVY if shown == "train --help" else HEAVY | {"rhm_sweeps.config"}
    assert sorted(heavy & set(modules)) == [], "`python -X importtime -m rhm_sweeps ... --help` shows by whom"
