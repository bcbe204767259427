"""The classifier: one prediction per string, from all of its positions."""

import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.training.packs import initial_model


def test_predicts_classes_from_every_position():
    model = initial_model(
        parse_trial(
            {
                "grammar": {"num_features": 5, "num_classes": 3, "num_synonyms": 2, "num_layers": 2},
                "model": {"name": "classifier", "embedding_size": 8, "num_heads": 2},
                "training": {"train_size": 8, "test_size": 8},
            }
        )
    )
    x, t = torch.randn(6, 4, 5), torch.arange(1, 7)
    output = model(x, t)
    assert output.shape == (6, 3)
    for position in range(4):
        changed = x.clone()
        changed[:, position] += 1
        assert not torch.allclose(model(changed, t), output)
