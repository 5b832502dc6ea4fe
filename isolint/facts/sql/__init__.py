"""Statements, and the names that are spliced into them."""
