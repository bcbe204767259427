"""The trials of a sweep as a data frame."""

from __future__ import annotations

import pandas as pd

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.trial_filter import choose_trials
from rhm_sweeps.sweeps.trial_values import metric_names, trial_values
from rhm_sweeps.views.trial_list import default_columns


def trial_frame(ledger: Ledger, where: str | None = None) -> pd.DataFrame:
    """Return one row per trial in the order of the plan, of all or of those for which `where` holds; index `signature`.

    Columns: state, reason, the fields that vary, step (of the last metric point), then all metrics; what is not known is missing.

    Raises:
        UsageError: if the condition is wrong.
    """
    every = trial_values(ledger)
    names = default_columns(every)
    columns = list(dict.fromkeys([*names[:2], "reason", *names[2:], *metric_names(every)]))
    rows = [trial.by_name() for trial in choose_trials(every, where)]
    frame = pd.DataFrame([[row.get(name) for name in columns] for row in rows], columns=columns)
    return frame.astype({"signature": "object", "step": "Int64"}).set_index("signature")
