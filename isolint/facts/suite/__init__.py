"""The test suite: fixtures and their reach, who calls what, what runs before and after."""
