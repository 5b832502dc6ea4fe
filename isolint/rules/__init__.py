"""A file in this folder is a rule."""
