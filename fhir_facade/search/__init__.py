"""Query strings in, typed searches out: R4's search rules, the registry of what is served, and page cursors."""
