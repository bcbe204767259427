"""The durable record of a sweep: its plan, the state of each trial and every metric point, in one SQLite file in its folder.

Everything that asks "what is done?" asks the ledger; other processes ask its driver for something by writing there.
"""

from rhm_sweeps.ledger.database import BUSY_TIMEOUT_S, FILE_NAME
from rhm_sweeps.ledger.order_table import OrderTable, SuggestionTable
from rhm_sweeps.ledger.pack_table import PackTable
from rhm_sweeps.ledger.point_table import PointTable
from rhm_sweeps.ledger.projection_table import ProjectionTable
from rhm_sweeps.ledger.records import (
    STATES,
    MetricPoint,
    PackRecord,
    Projection,
    SuggestionRecord,
    TrialRecord,
    TrialState,
    now_ms,
)
from rhm_sweeps.ledger.trial_table import TrialTable

__all__ = [
    "BUSY_TIMEOUT_S",
    "FILE_NAME",
    "STATES",
    "Ledger",
    "MetricPoint",
    "PackRecord",
    "Projection",
    "SuggestionRecord",
    "TrialRecord",
    "TrialState",
    "now_ms",
]


class Ledger(TrialTable, PointTable, PackTable, OrderTable, SuggestionTable, ProjectionTable):
    """One connection to a sweep's record; open one per thread."""
