"""The tables that a run is made of in MLflow's database, as they are known here."""

from __future__ import annotations

import sqlalchemy as sa

VALUES = {"key": "VARCHAR(250)", "value": "FLOAT", "timestamp": "BIGINT", "step": "BIGINT", "is_nan": "BOOLEAN"}
TEXTS = {"key": "VARCHAR(250)", "value": "VARCHAR(8000)"}
COLUMNS = {
    "runs": {
        "run_uuid": "VARCHAR(32)", "name": "VARCHAR(250)", "source_type": "VARCHAR(20)", "source_name": "VARCHAR(500)",
        "entry_point_name": "VARCHAR(50)", "user_id": "VARCHAR(256)", "status": "VARCHAR(20)", "start_time": "BIGINT",
        "end_time": "BIGINT", "deleted_time": "BIGINT", "source_version": "VARCHAR(50)", "lifecycle_stage": "VARCHAR(20)",
        "artifact_uri": "VARCHAR(200)", "experiment_id": "INTEGER",
    },
    "tags": {**TEXTS, "run_uuid": "VARCHAR(32)"},
    "params": {**TEXTS, "run_uuid": "VARCHAR(32)"},
    "metrics": {**VALUES, "run_uuid": "VARCHAR(32)"},
    "latest_metrics": {**VALUES, "run_uuid": "VARCHAR(32)"},
}  # fmt: skip
"""The columns as they are known here; where MLflow has others, runs are written by its client."""
KEYS = {
    "runs": {"run_uuid"},
    "tags": {"key", "run_uuid"},
    "params": {"key", "run_uuid"},
    "metrics": {"key", "timestamp", "step", "run_uuid", "value", "is_nan"},
    "latest_metrics": {"key", "run_uuid"},
}


def are_known(metadata: sa.MetaData) -> bool:
    """Whether MLflow's tables of runs have exactly the known columns and primary keys."""
    tables = {name: metadata.tables[name] for name in COLUMNS if name in metadata.tables}
    columns = {name: {column.name: str(column.type) for column in table.columns} for name, table in tables.items()}
    keys = {name: {column.name for column in table.primary_key} for name, table in tables.items()}
    return columns == COLUMNS and keys == KEYS
