"""What people look at: the status of a sweep, its trials, their logs, and what differs between sweeps."""
