"""The notebooks of docs/ run from a clean kernel, say what the committed ones say, and name nothing of the machine they ran on."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
WARNINGS_ARE_ERRORS = """\
import warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "For consistency across", PendingDeprecationWarning)  # the kernel's own, as it ends
warnings.filterwarnings("ignore", "The ``noload`` loader strategy", DeprecationWarning)  # MLflow's use of SQLAlchemy
"""


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def pictures(notebook: NotebookNode) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def test_there_are_four() -> None:
    assert [path.stem[:2] for path in PATHS] == ["01", "02", "03", "04"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_committed_notebook_was_executed_as_a_whole(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell.execution_count for cell in code_cells(notebook)] == list(range(1, 1 + len(code_cells(notebook))))
    assert pictures(notebook) >= 1
    assert not [
        output for output in outputs(notebook) if output.output_type == "error" or output.get("name") == "stderr"
    ]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_committed_notebook_names_no_machine(path: Path) -> None:
    texts = [str(output) for output in outputs(nbformat.read(path, as_version=4))]
    assert not [found for text in texts for found in re.findall(r"/(?:home|root|tmp|work|Users)/\S*", text)]
    assert "execution" not in {key for cell in nbformat.read(path, as_version=4).cells for key in cell.metadata}


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_a_clean_kernel(path: Path, tmp_path: Path) -> None:
    """In an empty folder, warnings as errors, and with as many pictures as the committed one."""
    notebook = nbformat.read(path, as_version=4)
    expected = pictures(notebook)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(WARNINGS_ARE_ERRORS))
    client = NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env={name: value for name, value in os.environ.items() if name != "MPLBACKEND"})
    assert pictures(notebook) == expected
    assert not [output for output in outputs(notebook) if output.get("name") == "stderr"]
    assert not any(tmp_path.iterdir())
