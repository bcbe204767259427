"""Look at a grammar: its rules, strings, parses and theory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rhm_sweeps.config import DiffusionConfig, GrammarConfig, TrainingConfig
from rhm_sweeps.errors import UsageError

from .flags import (
    Replacement,
    ResampleLevel,
    SeedResample,
    SeedSample,
    TestSize,
    Timesteps,
    TrainSize,
    checked,
    grammar_flags,
)
from .output import Json, print_json, stderr, stdout

app = typer.Typer(help=__doc__, no_args_is_help=True)

EXAMPLE = "--num-features 8 --num-classes 8 --num-synonyms 3 --tuple-size 2 --num-layers 3 --seed-rules 42"
TRAINING, DIFFUSION = TrainingConfig(), DiffusionConfig()
Save = Annotated[
    Path | None, typer.Option("--save", metavar="FILE", help="Also write the rules to a YAML file for --explicit.")
]
Thresholds = Annotated[
    bool, typer.Option("--thresholds", help="Also the noise at which half of the class is lost, by exact inference.")
]
InfiniteDepth = Annotated[
    int,
    typer.Option(
        "--infinite-depth", min=0, help="Also the thresholds of infinitely deep trees, over so many grammars."
    ),
]
Tree = Annotated[bool, typer.Option("--tree", help="Draw the derivation of one string.")]
File = Annotated[
    Path,
    typer.Argument(
        help="Strings, one per line, tokens separated by spaces or commas, or written together where each is one character; "
        "- reads stdin."
    ),
]


@app.command(
    epilog=f"Example: rhm-sweep grammar show {EXAMPLE}\n\nExample: rhm-sweep grammar show --explicit binary_3_level --save my.yaml"
)
@grammar_flags
def show(config: GrammarConfig, *, tree: Tree = False, save: Save = None, as_json: Json = False) -> None:
    """Show the production rules, from the class rules down to those that make leaf tuples.

    In JSON, symbols are numbers; `names` says those of an explicit grammar,
    `probabilities` those of its rules where they differ.
    """
    from rhm_sweeps.grammar import make_dataset, make_grammar, save_grammar

    from .grammar_view import derivation, names_and_probabilities, rule_table

    grammar = make_grammar(config)
    if save is not None:
        save_grammar(grammar, save)
        stderr.print(f"grammar  {save}", markup=False, soft_wrap=True)
    if as_json:
        print_json({"rules": [level.tuples for level in grammar.levels], **names_and_probabilities(grammar)})
        return
    for index in range(grammar.num_layers):
        stdout.print(rule_table(grammar, index))
    if tree:
        stdout.print(derivation(grammar, make_dataset(grammar, 1, 0, TRAINING.seed_sample).train[0]))


@app.command(epilog=f"Example: rhm-sweep grammar sample {EXAMPLE} --train-size 8 --test-size 4 --seed-sample 1 --tree")
@grammar_flags
def sample(
    config: GrammarConfig,
    *,
    train_size: TrainSize = TRAINING.train_size,
    test_size: TestSize = TRAINING.test_size,
    seed_sample: SeedSample = TRAINING.seed_sample,
    replacement: Replacement = TRAINING.replacement,
    resample_level: ResampleLevel = TRAINING.resample_level,
    seed_resample: SeedResample = TRAINING.seed_resample,
    tree: Tree = False,
    as_json: Json = False,
) -> None:
    """Draw training strings, then test strings."""
    import numpy as np

    from rhm_sweeps.grammar import make_dataset, make_grammar

    from .grammar_view import derivation, string_table

    checked(TrainingConfig, train_size=train_size, test_size=test_size, seed_sample=seed_sample)
    grammar = make_grammar(config)
    resample = {"resample_level": resample_level, "seed_resample": seed_resample}
    data = make_dataset(grammar, train_size, test_size, seed_sample, replacement, **resample)
    strings = np.concatenate([data.train, data.test])
    classes = np.concatenate([data.train_classes, data.test_classes])
    if as_json:
        print_json({"strings": strings.tolist(), "classes": classes.tolist()})
        return
    stdout.print(string_table(grammar, strings, classes, train_size))
    if tree:
        stdout.print(derivation(grammar, strings[0]))


@app.command(epilog=f"Example: rhm-sweep grammar parse {EXAMPLE} strings.txt")
@grammar_flags
def parse(config: GrammarConfig, *, file: File, as_json: Json = False) -> None:
    """Parse strings: the validity per level, how many are valid, and each one's class."""
    from rhm_sweeps.grammar import Parser, make_grammar, read_strings

    from .grammar_view import parse_tables

    grammar = make_grammar(config)
    strings = read_strings(_text(file), grammar, str(file))
    found = Parser(grammar).parse(strings)
    if as_json:
        classes = [int(number) if valid else None for number, valid in zip(found.classes, found.valid, strict=True)]
        validity, num_valid = found.level_validity.tolist(), int(found.valid.sum())
        print_json({"num_strings": len(strings), "num_valid": num_valid, "validity": validity, "classes": classes})
        return
    stdout.print(parse_tables(grammar, strings, found))


@app.command(epilog=f"Example: rhm-sweep grammar theory {EXAMPLE} --timesteps 200")
@grammar_flags
def theory(
    config: GrammarConfig,
    *,
    timesteps: Timesteps = DIFFUSION.timesteps,
    thresholds: Thresholds = False,
    infinite_depth: InfiniteDepth = 0,
    as_json: Json = False,
) -> None:
    """What theory says: number of strings, validity by chance, sample complexity, noise threshold, lowest loss.

    epsilon* is the threshold at infinite depth. --thresholds adds where half
    of the class is lost at the depth of these very rules, for uncertain
    evidence (epsilon), replaced tokens (uniform) and hidden ones (masked);
    --infinite-depth 32 where it is lost of ever deeper trees, mean over 32
    grammars, which takes a minute.
    """
    from rhm_sweeps.grammar import bayes_floor, chance_validity, epsilon_star, sample_complexity

    from .grammar_view import theory_tables
    from .thresholds import half_overlaps, infinite_depths

    checked(DiffusionConfig, timesteps=timesteps)
    facts = {
        "p_max": config.p_max,
        "chance_validity": [None] * config.num_layers if config.ambiguity else chance_validity(config),
        "sample_complexity": sample_complexity(config),
        "epsilon_star": epsilon_star(config),
        "bayes_floor": bayes_floor(config, timesteps),
        **({"half_overlap": half_overlaps(config)} if thresholds else {}),
        **({"infinite_depth": infinite_depths(config, infinite_depth)} if infinite_depth else {}),
    }
    if as_json:
        sys.set_int_max_str_digits(0)  # P_max of a deep grammar has more digits than Python prints by default
        print_json(facts)
        return
    stdout.print(theory_tables(config, facts))


def _text(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the strings of {file}: {error}") from None
