"""The mapping as a table that people can read: every element, where it comes from, where it goes, with an example.

Nothing here is told twice: where an element ends up, in which profiles and how it looks, is found by mapping a
completely filled sample, so a row that the mapping no longer fulfils has no example, and a test fails.
"""
