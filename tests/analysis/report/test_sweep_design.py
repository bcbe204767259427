"""What a sweep was to try."""

from __future__ import annotations

from rhm_sweeps.analysis.report.sweep_design import sweep_design

SPACE = {
    "name": "known",
    "trial": {"training": {"steps": 4096, "train_size": 7}, "model": {"width": 64}},
    "space": {
        "training.train_size": {"grid": [64, 128]},
        "training.learning_rate": {"loguniform": [0.001, 0.1], "when": "train_size > 64"},
        "training.seed": {"range": [0, 1]},
    },
    "search": {"algorithm": "tpe", "num_samples": 32, "objectives": [{"metric": "novel_valid", "mode": "max"}]},
    "scheduler": {"name": "asha", "min_steps": 128},
    "replicas": 2,
    "require": ["train_size < 9"],
}


def test_fields_with_their_values_and_the_words_of_the_space(make_sweep, grid) -> None:
    found = sweep_design(make_sweep(grid(sizes=(64, 128)), space=SPACE, pools={"local": 1}))
    swept = {one.field: one for one in found.swept}
    assert list(swept) == ["training.train_size", "training.learning_rate"]
    size = swept["training.train_size"]
    assert (size.symbol, size.drawn, size.distinct, size.values) == ("P", "grid", 2, "64, 128")
    assert swept["training.learning_rate"].drawn == "loguniform 0.001, 0.1, when train_size > 64"
    assert found.seeds == {"grammar.seed_rules": "0, 1", "training.seed": "0, 1"}
    assert found.fixed == {"training.steps": "4096", "model.width": "64"}
    assert found.facts == {
        "replicas": "2 per setting",
        "search": "tpe, num_samples 32, objectives metric novel_valid, mode max",
        "scheduler": "asha, min_steps 128",
        "required": "train_size < 9",
        "packs": "1",
        "pools": "local (1 pack)",
    }


def test_without_a_space_the_trials_say_what_varied(make_sweep, grid) -> None:
    found = sweep_design(make_sweep(grid(sizes=(64, 128)), space=None))
    assert [(one.field, one.drawn) for one in found.swept] == [("training.train_size", "listed")]
    assert found.facts == {"packs": "1"}


def test_many_values_are_shortened_with_both_ends(make_sweep, grid) -> None:
    (size,) = sweep_design(make_sweep(grid(sizes=tuple(range(10, 60)), seeds=1))).swept
    assert size.distinct == 50
    assert size.values.startswith("10, ")
    assert size.values.endswith("59 (of 50)")


def test_nothing_planned(make_sweep) -> None:
    found = sweep_design(make_sweep([], space=SPACE))
    assert [one.values for one in found.swept] == ["–", "–"]
