"""An expression as a reader would write it, short enough for one line of a trail."""

from __future__ import annotations

from isolint.facts.program import syntax as s

LONGEST = 70


def show(node: s.Expression | None, longest: int = LONGEST) -> str:
    """The expression as source text of at most `longest` characters; the middle is cut with an ellipsis."""
    text = "" if node is None else _show(node)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def bare(node: s.Expression) -> str:
    """The last name of a name or attribute, "" for anything else."""
    return node.id if isinstance(node, s.Name) else node.name if isinstance(node, s.Attribute) else ""


def first_name(node: s.Expression) -> str:
    """The name that a chain of attributes starts with, "" for anything else."""
    while isinstance(node, s.Attribute):
        node = node.value
    return node.id if isinstance(node, s.Name) else ""


def dotted(node: s.Expression) -> str | None:
    """`a.b.c` for a chain of names and attributes, None for anything else."""
    parts: list[str] = []
    while isinstance(node, s.Attribute):
        parts.append(node.name)
        node = node.value
    if not isinstance(node, s.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def _show(node: s.Expression) -> str:
    if isinstance(node, s.Name):
        return node.id
    try:
        return node._shown
    except AttributeError:
        node._shown = shown = _written(node)
        return shown


def _written(node: s.Expression) -> str:
    match node:
        case s.Attribute():
            return f"{_show(node.value)}.{node.name}"
        case s.Constant():
            return repr(node.value) if not isinstance(node.value, str) else _quote(node.value)
        case s.Call():
            return f"{_show(node.function)}({_arguments(node)})"
        case s.Subscript():
            return f"{_show(node.value)}[{_show(node.index)}]"
        case s.Template():
            inner = "".join(p if isinstance(p, str) else "{" + _show(p) + "}" for p in node.parts)
            return "f" + _quote(inner)
        case s.Binary():
            return f"{_show(node.left)} {node.operator} {_show(node.right)}"
        case s.Boolean():
            return f" {node.operator} ".join(map(_show, node.values))
        case s.Unary():
            return (
                f"{node.operator} {_show(node.operand)}"
                if node.operator == "not"
                else f"-{_show(node.operand)}"
            )
        case s.Lambda():
            return f"lambda: {_show(node.body)}"
        case s.Starred():
            return f"*{_show(node.value)}"
        case s.Conditional():
            return f"{_show(node.body)} if {_show(node.test)} else {_show(node.orelse)}"
        case s.Sequence():
            brackets = {"list": "[]", "tuple": "()", "set": "{}"}[node.kind]
            return brackets[0] + ", ".join(map(_show, node.items)) + brackets[1]
        case s.Mapping(items=()):
            return "{}"
    return "…"


def _arguments(node: s.Call) -> str:
    positional = [_show(a) for a in node.arguments]
    named = [f"{name}={_show(v)}" if name else f"**{_show(v)}" for name, v in node.keywords]
    return ", ".join(positional + named)


def _quote(text: str) -> str:
    return '"' + text.replace("\n", "\\n").replace('"', '\\"') + '"'
