"""Tests. Names are sentences that are true."""
