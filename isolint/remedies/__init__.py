"""What fixes put into a suite: engines, sessions and overrides of the tests' own, written as the product's are."""

from isolint.facts.configuration.substitutions import Substitution
from isolint.facts.lifetime.workers import Blind
from isolint.remedies.configuring import configured
from isolint.remedies.existing import Own
from isolint.remedies.fallbacks import read_alone
from isolint.remedies.guarding import guarded
from isolint.remedies.isolation import Isolation
from isolint.remedies.naming import uniquely_named
from isolint.remedies.overriding import Wanted, overridden
from isolint.remedies.redirection import redirected
from isolint.remedies.removing import removed
from isolint.remedies.renewing import renewed
from isolint.remedies.workers import of_each_worker

__all__ = [
    "Blind",
    "Isolation",
    "Own",
    "Substitution",
    "Wanted",
    "configured",
    "guarded",
    "of_each_worker",
    "overridden",
    "read_alone",
    "redirected",
    "removed",
    "renewed",
    "uniquely_named",
]
