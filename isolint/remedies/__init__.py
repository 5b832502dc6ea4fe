"""What fixes put into a suite: engines, sessions and overrides of the tests' own, written as the product's are.

Each is imported when a fix asks for it: most runs fix nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isolint.remedies.configuring import configured
    from isolint.remedies.existing import Own
    from isolint.remedies.factories import handed
    from isolint.remedies.fallbacks import read_alone
    from isolint.remedies.guarding import guarded
    from isolint.remedies.isolation import Isolation
    from isolint.remedies.models import pointed_to_memory
    from isolint.remedies.naming import uniquely_named
    from isolint.remedies.overriding import overridden
    from isolint.remedies.redirection import redirected
    from isolint.remedies.removing import removed
    from isolint.remedies.renewing import renewed
    from isolint.remedies.workers import of_each_worker
else:

    def __getattr__(name: str) -> Any:
        """What is exported, from the module that it is in."""
        if name in _HOMES:
            return getattr(importlib.import_module(_HOMES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_HOMES = {
    "Isolation": "isolint.remedies.isolation",
    "Own": "isolint.remedies.existing",
    "configured": "isolint.remedies.configuring",
    "guarded": "isolint.remedies.guarding",
    "handed": "isolint.remedies.factories",
    "of_each_worker": "isolint.remedies.workers",
    "overridden": "isolint.remedies.overriding",
    "pointed_to_memory": "isolint.remedies.models",
    "read_alone": "isolint.remedies.fallbacks",
    "redirected": "isolint.remedies.redirection",
    "removed": "isolint.remedies.removing",
    "renewed": "isolint.remedies.renewing",
    "uniquely_named": "isolint.remedies.naming",
}

__all__ = [
    "Isolation",
    "Own",
    "configured",
    "guarded",
    "handed",
    "of_each_worker",
    "overridden",
    "pointed_to_memory",
    "read_alone",
    "redirected",
    "removed",
    "renewed",
    "uniquely_named",
]
