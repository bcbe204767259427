"""Storage that nodes reach which share no folder: files by name, and what a pack keeps there."""
