"""Pools: where packs may run, which trials go where, and what they need and cost there."""
