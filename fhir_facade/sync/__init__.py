"""Fills the replica from a claims source: in batches, resumable, writing only what differs."""
