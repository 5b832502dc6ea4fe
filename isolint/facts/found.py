"""What the analyses find, as rules are handed it. A rule needs these names for its annotations alone, so that it should
import them for the type checker alone: with their modules, they take longer to import than all rules.
"""

from __future__ import annotations

from isolint.facts.configuration.django import Database as DjangoDatabase
from isolint.facts.configuration.health import Unchecked
from isolint.facts.configuration.substitutions import Substitution
from isolint.facts.configuration.testnames import Unnamed
from isolint.facts.destruction.destroyed import Destruction
from isolint.facts.lifetime.dependencies import Override
from isolint.facts.lifetime.foreignkeys import Misordered
from isolint.facts.lifetime.guarantees import Unguaranteed
from isolint.facts.lifetime.lifecycle import Creation
from isolint.facts.lifetime.managers import Bare
from isolint.facts.lifetime.starts import Start
from isolint.facts.lifetime.workers import Blind
from isolint.facts.rows.collisions import Collision
from isolint.facts.sql.identifiers import Splice
from isolint.facts.state.leaks import Leak
from isolint.facts.state.stale import Stale
from isolint.facts.targets.fallbacks import Fallback
from isolint.facts.targets.memories import Split
from isolint.facts.targets.openings import Opening
from isolint.facts.targets.singletons import Reached
from isolint.facts.web.clients import OpenClient
from isolint.facts.web.wiring import LateSetting

__all__ = [
    "Bare",
    "Blind",
    "Collision",
    "Creation",
    "Destruction",
    "DjangoDatabase",
    "Fallback",
    "LateSetting",
    "Leak",
    "Misordered",
    "OpenClient",
    "Opening",
    "Override",
    "Reached",
    "Splice",
    "Split",
    "Stale",
    "Start",
    "Substitution",
    "Unchecked",
    "Unguaranteed",
    "Unnamed",
]
