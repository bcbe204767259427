"""Execute the notebooks of docs/notebooks anew and keep their outputs; only how long training took differs from run to run."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"

NO_WIDGETS = "ignore:IProgress not found"
"""What tqdm, which Ray imports, says in a kernel without ipywidgets."""


def execute(path: Path) -> None:
    """Execute a notebook in a fresh kernel and write it back; times and the Python version stay out of the file."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    client = NotebookClient(
        notebook, timeout=300, record_timing=False, resources={"metadata": {"path": str(path.parent)}}
    )
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client.execute(env=environment | {"PYTHONWARNINGS": NO_WIDGETS})
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.ipynb")):
        execute(path)
        print(path.name)
