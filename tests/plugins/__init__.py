"""Tests of the plugins, from outside."""
