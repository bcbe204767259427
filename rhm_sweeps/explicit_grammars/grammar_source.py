"""Where a grammar comes from: a shipped file by its name, a YAML file by its path, or one line of text."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from pathlib import Path

from rhm_sweeps.errors import UsageError
from rhm_sweeps.explicit_grammars.explicit_grammar import ExplicitGrammar
from rhm_sweeps.explicit_grammars.grammar_text import grammar_text, parse_grammar_text
from rhm_sweeps.explicit_grammars.grammar_yaml import parse_grammar_yaml
from rhm_sweeps.nearest_name import cure_and_names

MAX_TEXT = 6000
"""Characters of the one line of a grammar: what MLflow keeps of a parameter."""
_PACKAGE = "rhm_sweeps.explicit_grammars"


@lru_cache
def shipped_grammars() -> tuple[str, ...]:
    """The names of the grammars that are installed with the library, sorted."""
    files = (Path(item.name) for item in resources.files(_PACKAGE).iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".yaml"))


def canonical_grammar(explicit: str) -> str:
    """What names a grammar wherever it is read: a shipped name as it is, all else as its one line.

    Raises:
        UsageError: if there is no such grammar, or it is wrong or too long.
    """
    if explicit in shipped_grammars():
        return explicit
    text = grammar_text(find_grammar(explicit))
    if len(text) > MAX_TEXT:
        raise UsageError(f"the grammar takes {len(text)} characters in one line, but must take <= {MAX_TEXT}")
    return text


def find_grammar(explicit: str) -> ExplicitGrammar:
    """Return a shipped grammar by its name, that of one line of text, or that of a file.

    Raises:
        UsageError: if there is none; a ConfigError lists everything that is wrong with it.
    """
    if explicit in shipped_grammars() or ">" in explicit:
        return _known_grammar(explicit)
    return load_explicit(Path(explicit))


def load_explicit(path: Path) -> ExplicitGrammar:
    """Return the grammar of a YAML file.

    Raises:
        UsageError: if it cannot be read; a ConfigError lists everything that is wrong with it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            f"there is no grammar `{path}`, and no such file; {cure_and_names(path.stem, shipped_grammars())}"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the grammar {path}: {error}") from None
    return parse_grammar_yaml(text, str(path))


@lru_cache(maxsize=256)
def _known_grammar(explicit: str) -> ExplicitGrammar:
    if explicit not in shipped_grammars():
        return parse_grammar_text(explicit)
    file = f"{explicit}.yaml"
    return parse_grammar_yaml((resources.files(_PACKAGE) / file).read_text(encoding="utf-8"), file)
