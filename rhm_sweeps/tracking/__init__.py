"""The projection of a sweep's ledger onto MLflow, and the way back into tables; only this package imports MLflow."""

import os

# Before MLflow is first imported: it reads some of these only then. What the user has set stays.
_QUIET_AND_QUICK = {
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # creating a run is not idempotent: the writer retries after a search
}
for _name, _value in _QUIET_AND_QUICK.items():
    os.environ.setdefault(_name, _value)
