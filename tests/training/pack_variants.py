"""Tiny packs of every kind: processes, networks, optimizers, schedules, and members with rates of their own."""

import numpy as np

from rhm_sweeps.config import parse_trial
from rhm_sweeps.training.loop import PackTrainer

STRINGS = np.random.default_rng(0).integers(0, 4, (40, 4)).astype(np.uint8)
CLASSES = np.random.default_rng(1).integers(0, 4, 40)


def trial(seed, train_size=16, **sections):
    """A tiny trial; `beta2` is one in which members of a pack may differ."""
    trial = {
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2, "seed_rules": seed},
        "diffusion": {"timesteps": 20},
        "model": {"width": 16},
        "training": {"train_size": train_size, "test_size": 4, "batch_size": 8, "seed": seed, "steps": 60},
    }
    return parse_trial({name: {**fields, **sections.get(name, {})} for name, fields in trial.items()})


def members(**sections):
    """Three trials, in the variant `own` with rates of their own."""
    own = sections.pop("own", [])
    if own:
        return [
            trial(k, **{**sections, "training": {**sections.get("training", {}), **one}}) for k, one in enumerate(own)
        ]
    diffusion = sections.get("diffusion", {})
    other = {} if "noise_schedule" in diffusion else {"beta2": 0.3}
    third = trial(2, 5, **{**sections, "diffusion": {**diffusion, **other}})
    return [trial(0, **sections), trial(1, 8, **sections), third]


MEMBERS = members()
TRANSFORMER = {"embedding_size": 8, "num_heads": 2, "feedforward_size": 16, "encoder_layers": 1}
OWN_RATES = [
    {"learning_rate": 0.02, "weight_decay": 0.1},
    {"learning_rate": 0.003, "lr_schedule": "step", "lr_decay_steps": 7},
    {"learning_rate": 0.005, "lr_schedule": "cosine", "warmup_steps": 5},
]
VARIANTS = {
    "uniform": {},
    "masked": {"diffusion": {"process": "masked", "noise_schedule": "log_linear"}},
    "gaussian": {"diffusion": {"process": "gaussian"}},
    "noise": {"diffusion": {"process": "gaussian", "target": "noise", "n_trajectories": 2}},
    "exact_score": {"diffusion": {"process": "gaussian", "target": "exact_score"}, "training": {"gradient_clip": 1.0}},
    "transformer": {"model": {"name": "transformer", **TRANSFORMER, "dropout": 0.2}},
    "classifier": {"model": {"name": "classifier", **TRANSFORMER}, "diffusion": {"process": "masked"}},
    "constraint": {"model": {"constraint": "tuples", "bias": True}},
    "everything": {
        "training": {
            "optimizer": "adamw",
            "weight_decay": 0.01,
            "lr_schedule": "cosine",
            "warmup_steps": 5,
            "gradient_clip": 0.5,
            "label_smoothing": 0.1,
            "illegal_penalty": 0.3,
            "batches": "epoch",
            "accumulation": 2,
        }
    },
    "sgd": {"training": {"optimizer": "sgd", "momentum": 0.9, "lr_schedule": "step", "lr_decay_steps": 20}},
    "own adam": {"own": OWN_RATES},
    "own adamw": {"training": {"optimizer": "adamw", "gradient_clip": 0.5}, "own": OWN_RATES},
    "own sgd": {"training": {"optimizer": "sgd", "momentum": 0.9}, "own": OWN_RATES},
}


def trainer(*members, device="cpu"):
    sizes = [member.training.train_size for member in members]
    return PackTrainer(members, [STRINGS[:size] for size in sizes], device, [CLASSES[:size] for size in sizes])
