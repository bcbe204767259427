"""The names of what evaluation points report, without evaluating anything."""

from __future__ import annotations

from rhm_sweeps.config import TrialConfig

PACE = ("steps_per_second", "wall_time_s")
"""What a point also says about the process that trains."""
_BY_LEVEL = ("validity", "rule_usage_tv", "subtuple_copies")
_OF_SAMPLES = ("class_balance_tv", "log_likelihood", "copies", "excess_copies", "novel_valid", "distinct")
_DISTANCES = ("hamming", "hamming_min", "hamming_median", "hamming_max")


def metric_names(trial: TrialConfig) -> tuple[str, ...]:
    """The metrics of a trial's evaluation points; without those of the test split if it has no test strings.

    A denoiser has losses and what its samples say, a classifier losses and accuracies.
    """
    classifies = trial.model.name == "classifier"
    splits = ("train", "test") if trial.training.test_size else ("train",)
    measured = ("loss", "accuracy") if classifies else ("loss",)
    windows = ["", *(f"_time_{window + 1}" for window in range(trial.evaluation.time_windows))]
    of_pairs = [f"{split}_{name}{window}" for split in splits for name in measured for window in windows]
    gap = ["loss_ratio_error"] if trial.training.test_size else []
    return (*of_pairs, *gap, *(() if classifies else _of_strings(trial.grammar.num_layers)), *PACE)


def _of_strings(num_layers: int) -> list[str]:
    by_level = [f"{name}_{level}" for name in _BY_LEVEL for level in range(1, num_layers + 1)]
    return [*by_level, *_OF_SAMPLES, *_DISTANCES]
