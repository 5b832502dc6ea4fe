"""What fixes put into a suite: engines, sessions and overrides of the tests' own, written as the product's are."""

from isolint.remedies.configuring import configured
from isolint.remedies.factories import handed
from isolint.remedies.guarding import guarded
from isolint.remedies.isolation import Isolation, Own
from isolint.remedies.overriding import overridden
from isolint.remedies.redirection import redirected
from isolint.remedies.removing import removed

__all__ = ["Isolation", "Own", "configured", "guarded", "handed", "overridden", "redirected", "removed"]
