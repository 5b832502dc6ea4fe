"""What fixes put into a suite: engines, sessions and overrides of the tests' own, written as the product's are."""

from isolint.remedies.isolation import Isolation, Own

__all__ = ["Isolation", "Own"]
