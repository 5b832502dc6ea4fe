"""What marks say of a test: the fixtures that `usefixtures` names."""

from __future__ import annotations

from isolint.facts.meaning.evaluate import Evaluator
from isolint.facts.meaning.values import Literal
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module


def fixtures_of(evaluator: Evaluator, module: Module, mark: s.Expression) -> list[str]:
    """The fixtures that a mark names, `usefixtures("shop")`, or one that a name was given to keep: `with_shop`."""
    return _kept(evaluator, module, mark.id) if isinstance(mark, s.Name) else _named(evaluator, module, mark)


def _named(evaluator: Evaluator, module: Module, mark: s.Expression) -> list[str]:
    match mark:
        case s.Call(function=s.Attribute(name="usefixtures")):
            frame = evaluator.module_frame(module)
            values = [evaluator.evaluate(argument, frame) for argument in mark.arguments]
            return [str(v.value) for v in values if isinstance(v, Literal)]
    return []


def _kept(evaluator: Evaluator, module: Module, name: str) -> list[str]:
    """The fixtures of a mark that a variable holds, here or in the module that it is imported from."""
    for binding in module.names.bindings.get(name, ()):
        if binding.kind == "import":
            found = evaluator.project.import_target(module, binding)
            if found.module is not None and found.module is not module and len(found.rest) == 1:
                return _kept(evaluator, found.module, found.rest[0])
        if isinstance(binding.value, s.Call):
            return _named(evaluator, module, binding.value)
    return []
