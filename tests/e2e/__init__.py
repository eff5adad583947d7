"""The whole facade, driven as people and apps drive it."""
