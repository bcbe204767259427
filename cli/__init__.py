"""The command line: one file per command, each a thin adapter over one importable function."""
