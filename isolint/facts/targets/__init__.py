"""Where handles lead, and what proves that it is a test's own place."""
