"""A search space to start from: one file with every part of the language, in use or as a comment."""

from __future__ import annotations

from pathlib import Path

from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.distributions import DISTRIBUTIONS, RandomDistribution
from rhm_sweeps.spaces.search_space import SearchSpace

_SCAFFOLD = """\
# Which question does this sweep answer?
#
# `rhm-sweep spaces check {file}` says what is wrong in this file and how many trials it has, `rhm-sweep spaces fields`
# lists the fields. For completion in an editor: `rhm-sweep spaces schema > space.schema.json`, and here the line
#   `# yaml-language-server: $schema=space.schema.json`
name: {name}

# include: memorization  # start from a shipped search space or another file; what stands below counts

trial: # fixed values; all others have their defaults
  grammar: {{num_features: 8, num_classes: 8, num_synonyms: 3, tuple_size: 2, num_layers: 3}}
  training: {{steps: 8192, learning_rate: 1.0e-2}}

space: # what varies; the listed axes are crossed in full
  training.train_size: {{grid: [256, 1024, 4096]}}
  model.width: {{grid: [64, 128]}}
  # training.test_size: {{derived: train_size // 4}}
  # training.momentum: {{grid: [0.0, 0.9], when: "optimizer == 'sgd'"}}
  # zip: # settings that vary together
  #   - {{model.name: bp_unet, training.learning_rate: 1.0e-2}}
  #   - {{model.name: transformer, training.learning_rate: 1.0e-3}}
  #
  # Distributions that list their values:
{listed}
  # and those that are drawn, which need `search`:
{drawn}

# search: {{algorithm: random, num_samples: 20}} # draws of the random axes for each combination of the listed ones
# require: train_size >= width # settings that do not meet it are left out
# trials: # single settings beside the axes
#   - {{training.train_size: 16384, model.width: 256}}
# stop: {{copy_fraction: 0.9}} # ends a trial early

replicas: 2 # other rules, strings and initialization each
"""


def scaffold(name: str, file: str) -> str:
    """Return the text of a commented search space that is valid as it stands; its own comments name the file.

    Raises:
        ConfigError: if the name is none.
    """
    SearchSpace.build(name)
    kinds = [(issubclass(kind, RandomDistribution), kind) for kind in DISTRIBUTIONS.values()]
    lines = [(drawn, f"  #   {{{kind.form}}}  {(kind.__doc__ or '').strip()}") for drawn, kind in kinds]
    listed, drawn = ("\n".join(line for random, line in lines if random == wanted) for wanted in (False, True))
    return _SCAFFOLD.format(name=name, file=file, listed=listed, drawn=drawn)


def write_scaffold(name: str, path: Path, *, force: bool = False) -> None:
    """Write a scaffold to a new file.

    Raises:
        ConfigError: if the name is none.
        UsageError: if there is such a file and it may not be overwritten (`force`), or it cannot be written.
    """
    text = scaffold(name, path.name)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(
            f"there is a file {path} already; choose another with --out, or overwrite it with --force"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
