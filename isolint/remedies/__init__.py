"""What fixes put into a suite: engines, sessions and overrides of the tests' own, written as the product's are."""

from isolint.remedies.isolation import Isolation, Own
from isolint.remedies.overriding import Wanted, fixture_at, overridden
from isolint.remedies.redirection import redirected
from isolint.remedies.restoring import finished, yielded

__all__ = ["Isolation", "Own", "Wanted", "finished", "fixture_at", "overridden", "redirected", "yielded"]
