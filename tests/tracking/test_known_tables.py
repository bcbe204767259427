"""Which of MLflow's tables are written to."""

from __future__ import annotations

import mlflow.store.tracking.dbmodels.models  # noqa: F401  (puts the tables into the metadata)
import sqlalchemy as sa
from mlflow.store.db.base_sql_model import Base

from rhm_sweeps.tracking.known_tables import COLUMNS, are_known


def test_tables_with_other_columns_or_none_are_not_known() -> None:
    assert are_known(Base.metadata)
    for name in COLUMNS:
        changed = sa.MetaData()
        for table in COLUMNS:
            Base.metadata.tables[table].to_metadata(changed)
        changed.tables[name].append_column(sa.Column("added", sa.Integer))
        assert not are_known(changed)
    assert not are_known(sa.MetaData())
