"""Running packs: on Ray Tune, or in this process."""

import logging
import os

# Before Ray is first imported: it reads most of these only then. What the user has set stays.
_QUIET_AND_LOCAL = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_TRAIN_COUNT_PREEMPTION_AS_FAILURE": "1",  # else Tune starts a preempted node's pack again, which is the driver's to do
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on every system: Ray listens on the loopback address only
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_WARN_THRESHOLD_S": "60",
    "TUNE_GLOBAL_CHECKPOINT_S": "inf",  # its snapshots are not used
}
for _name, _value in _QUIET_AND_LOCAL.items():
    os.environ.setdefault(_name, _value)
# In a notebook it asks for ipywidgets, which nothing here needs.
logging.getLogger("ray.widgets.util").setLevel(logging.WARNING)
