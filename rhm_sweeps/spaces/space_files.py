"""Search space files: those that are shipped and those of one's own, by name or path."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from rhm_sweeps.errors import UsageError
from rhm_sweeps.nearest_name import cure_and_names
from rhm_sweeps.yaml_loader import MAX_BYTES, LocatedTree, load_yaml

_SHIPPED = "rhm_sweeps.search_spaces"
_EDITOR_LINE = "yaml-language-server:"


@dataclass(frozen=True)
class SpaceFile:
    """The text of a search space and the file name that stands in messages about it; `path` is None for a shipped one."""

    text: str
    source: str
    path: Path | None = None

    @property
    def key(self) -> str:
        """The same for each way to name the file."""
        return self.source if self.path is None else str(self.path.resolve())


def shipped_spaces() -> tuple[str, ...]:
    """Return the names of the search spaces that are installed with the library, sorted."""
    files = (Path(item.name) for item in resources.files(_SHIPPED).iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".yaml"))


def read_space(name_or_path: str | Path, folder: Path = Path()) -> SpaceFile:
    """Return the text of a shipped space by its name, or of a file, whose path may be relative to a folder.

    Raises:
        UsageError: if there is neither, or the file cannot be read.
    """
    if str(name_or_path) in shipped_spaces():
        source = f"{name_or_path}.yaml"
        return SpaceFile((resources.files(_SHIPPED) / source).read_text(encoding="utf-8"), source)
    path = folder / name_or_path
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig", "replace" if len(content) > MAX_BYTES else "strict")
        return SpaceFile(text, str(path), path)
    except FileNotFoundError:
        raise UsageError(
            f"there is no search space `{name_or_path}`, and no such file; {cure_and_names(path.stem, shipped_spaces())}"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the search space {path}: {error}") from None


def space_tree(text: str, source: str) -> LocatedTree:
    """Return what a search space file says, with the place of each key; its first comment line is the question.

    Raises:
        ConfigError: if it is not plain YAML.
    """
    located = load_yaml(text, source)
    question = _question(text)
    return LocatedTree({**({"question": question} if question else {}), **located.tree}, located.places)


def _question(text: str) -> str:
    """The first line that is not for an editor, if it is a comment."""
    for line in text.lstrip("\ufeff\n").split("\n"):
        comment = line.strip().lstrip("# ").strip()
        if not line.strip().startswith("#") or not comment.startswith(_EDITOR_LINE):
            return comment if line.strip().startswith("#") else ""
    return ""
