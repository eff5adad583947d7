"""Tests of the plugin that reads CMS claims files."""
