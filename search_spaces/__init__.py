"""One YAML file per question; `rhm-sweep spaces list` shows them."""
