"""`python -m rhm_sweeps` is `rhm-sweep`."""

from rhm_sweeps.cli.main import main

if __name__ == "__main__":
    main()
