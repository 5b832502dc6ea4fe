"""isolint, the linter for test-suite isolation."""

__version__ = "0.1.0"
