"""Values and targets in words."""

from __future__ import annotations

from isolint.facts.meaning import handles
from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import (
    Address,
    ClassValue,
    FunctionValue,
    Generated,
    Handle,
    Instance,
    Literal,
    Method,
    ModuleValue,
    Text,
    Thing,
    Union,
    UniqueName,
    Value,
    Variable,
)
from isolint.facts.targets.lattice import Level as Point
from isolint.facts.targets.lattice import Target
from isolint.trace.answer import Level

UNTOLD = "cannot be told"
_POINTS = {
    Point.MEMORY: "memory",
    Point.DISPOSABLE: "a disposable store",
    Point.TEST_SHAPED: "a store of the tests",
    Point.UNKNOWN: UNTOLD,
    Point.PRODUCTION: "production",
}
_UNIQUE = {"run": "a name of this run", "testrun": "a name of this run", "worker": "a name of this worker"}


def level(target: Target) -> Level:
    """The target in words: `production: `./data/dev.db` by default`."""
    if target.level is Point.UNKNOWN and target.why == "a target that cannot be told":
        return Level(_POINTS[target.level], "")
    if not target.sure and target.level is Point.PRODUCTION:
        return Level("production, as far as can be told", target.why)
    return Level(_POINTS[target.level], target.why)


def described(value: Value, evaluator: Evaluator, *, setting: bool = False) -> str:
    """What a value is, "" where it cannot be told. `setting` is for a field of a settings class."""
    if isinstance(value, Union):
        parts = [described(option, evaluator, setting=setting) for option in value.options]
        return " or ".join(dict.fromkeys(part for part in parts if part))
    if isinstance(value, Generated):
        return described(value.item, evaluator, setting=setting)
    if isinstance(value, Method):
        known = handles.as_value(evaluator, value)
        return "" if isinstance(known, Method) else described(known, evaluator)
    return _described(value, setting)


def _described(value: Value, setting: bool) -> str:
    match value:
        case Handle():
            return with_article(value.kind)
        case Variable():
            return f"the {'setting' if setting else 'variable'} `{value.name}`"
        case Literal(value=str()):
            return "a literal"
        case Text():
            return "text put together here"
        case Address():
            return "an address put together here"
        case UniqueName():
            return _UNIQUE.get(value.scope, "a unique name")
        case Instance():
            return f"an object of `{value.of.node.name}`"
        case ClassValue():
            return f"the class `{value.node.name}`"
        case FunctionValue():
            name = getattr(value.function, "name", "lambda")
            return f"the function `{name}`"
        case ModuleValue():
            return f"the module `{value.module.path}`"
        case Thing():
            return f"what `{value.made_by}` makes"
    return ""


def with_article(noun: str) -> str:
    """The noun with `a` or `an`, a plural as it is."""
    if noun.endswith("s"):
        return noun
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
