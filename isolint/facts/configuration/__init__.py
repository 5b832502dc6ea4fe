"""Configuration files that decide how the tests run."""
