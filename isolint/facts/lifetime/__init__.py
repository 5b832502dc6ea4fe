"""What tests make and start, and whether it is undone."""
