"""Everything a plugin author reads. Standard library only, so that a plugin can be written against this room alone."""
