"""Real components that tests talk to: fetched once into the user's cache, started on free ports, stopped at the end."""
