"""State of the process that tests change and leave changed."""
