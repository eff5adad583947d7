"""Tests of the plugin that reads T-MSIS files."""
