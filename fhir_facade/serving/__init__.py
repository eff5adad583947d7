"""Processes: one listening socket, several workers that share it, an admin listener, an end without lost answers."""
