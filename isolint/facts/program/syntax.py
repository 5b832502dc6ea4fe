"""The lowered program: what isolint keeps of a file's syntax once the tree is dropped.

Small immutable nodes, picklable, without parents or contexts; equal only when identical. `await` and
parentheses are transparent, newer spellings (type parameters, `except*`, template strings) are lowered to the
older ones. Positions are those of `ast`: (line from 1, column in UTF-8 bytes from 0, end line, end column).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from isolint.facts.program.kept import Stated, Walked
from isolint.late import dataclass

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object):  # noqa: D103
        return lambda decorator: decorator


Position = tuple[int, int, int, int]
_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, eq_default=False)
def node(cls: type[_T]) -> type[_T]:
    """A class of nodes: frozen for the type checker, plain slots at run time, which are made three times faster."""
    return dataclass(slots=True, eq=False)(cls)


@node
class Name(Walked):
    id: str
    at: Position


@node
class Attribute(Walked):
    value: Expression
    name: str
    at: Position


@node
class Constant(Walked):
    value: str | bytes | int | float | complex | bool | None
    at: Position


@node
class Starred(Walked):
    value: Expression
    at: Position


@node
class Call(Walked):
    """`keywords` holds (name, value); the name of `**value` is the empty string."""

    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...]
    at: Position


@node
class Template(Walked):
    """An f-string or template string: literal pieces and the expressions in its holes."""

    parts: tuple[str | Expression, ...]
    at: Position


@node
class Binary(Walked):
    operator: str
    left: Expression
    right: Expression
    at: Position


@node
class Boolean(Walked):
    operator: str  # "and", "or"
    values: tuple[Expression, ...]
    at: Position


@node
class Unary(Walked):
    operator: str  # "not", "-", "+", "~"
    operand: Expression
    at: Position


@node
class Compare(Walked):
    left: Expression
    operators: tuple[str, ...]
    comparators: tuple[Expression, ...]
    at: Position


@node
class Subscript(Walked):
    value: Expression
    index: Expression
    at: Position


@node
class Sequence(Walked):
    kind: str  # "list", "tuple", "set"
    items: tuple[Expression, ...]
    at: Position


@node
class Mapping(Walked):
    """`items` holds (key, value); the key of `**value` is None."""

    items: tuple[tuple[Expression | None, Expression], ...]
    at: Position


@node
class Conditional(Walked):
    test: Expression
    body: Expression
    orelse: Expression
    at: Position


@node
class Lambda(Walked):
    parameters: tuple[Parameter, ...]
    body: Expression
    at: Position


@node
class Comprehension(Walked):
    """`loops` holds (target, iterable); `elements` one value, or key and value of a dict comprehension."""

    elements: tuple[Expression, ...]
    loops: tuple[tuple[Expression, Expression], ...]
    conditions: tuple[Expression, ...]
    at: Position


@node
class Walrus(Walked):
    target: Name
    value: Expression
    at: Position


@node
class Yield(Walked):
    value: Expression | None
    at: Position


@node
class Opaque(Walked):
    """Syntax nothing is concluded from (slices and the like), and the expressions inside it."""

    children: tuple[Expression, ...]
    at: Position


Expression = (
    Name
    | Attribute
    | Constant
    | Starred
    | Call
    | Template
    | Binary
    | Boolean
    | Unary
    | Compare
    | Subscript
    | Sequence
    | Mapping
    | Conditional
    | Lambda
    | Comprehension
    | Walrus
    | Yield
    | Opaque
)


@node
class Parameter:
    name: str
    kind: str  # "positional", "keyword", "*", "**"
    annotation: Expression | None
    default: Expression | None
    at: Position


@node
class ImportedName:
    """`name` is "*" for a star import, and "" where `import module` binds the module itself."""

    name: str
    alias: str | None
    at: Position


@node
class Import(Stated):
    """`import module as alias` has one nameless entry, `from module import a, b` one a name."""

    module: str
    level: int
    names: tuple[ImportedName, ...]
    at: Position


@node
class Assign(Stated):
    """`operator` is "=", or "+=" and the like; a bare annotation has no value."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None
    operator: str
    at: Position


@node
class Evaluate(Stated):
    """An expression that stands as a statement."""

    value: Expression
    at: Position


@node
class Return(Stated):
    value: Expression | None
    at: Position


@node
class Raise(Stated):
    exception: Expression | None
    at: Position


@node
class Assert(Stated):
    test: Expression
    message: Expression | None
    at: Position


@node
class Delete(Stated):
    targets: tuple[Expression, ...]
    at: Position


@node
class Scope(Stated):
    """`global a, b` or `nonlocal a, b`."""

    kind: str
    names: tuple[str, ...]
    at: Position


@node
class Jump(Stated):
    kind: str  # "break", "continue"
    at: Position


@node
class If(Stated):
    test: Expression
    body: Block
    orelse: Block
    at: Position


@node
class Loop(Stated):
    """`for target in iterable` or `while test`: the other pair is None."""

    target: Expression | None
    iterable: Expression | None
    test: Expression | None
    body: Block
    orelse: Block
    at: Position


@node
class With(Stated):
    """`items` holds (context manager, target)."""

    items: tuple[tuple[Expression, Expression | None], ...]
    body: Block
    at: Position


@node
class Handler:
    type: Expression | None
    name: str | None
    body: Block
    at: Position


@node
class Try(Stated):
    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block
    final: Block
    at: Position


@node
class Match(Stated):
    """`cases` holds (guard, body); patterns are not kept."""

    subject: Expression
    cases: tuple[tuple[Expression | None, Block], ...]
    at: Position


@node
class Function(Stated):
    """`at` is the whole definition from `def` on; `header` runs from the first decorator to the colon's line."""

    name: str
    qualname: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expression, ...]
    returns: Expression | None
    body: Block
    is_async: bool
    is_generator: bool
    docstring: str | None
    name_at: Position
    header: tuple[int, int]
    at: Position


@node
class Class(Stated):
    name: str
    qualname: str
    bases: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...]
    decorators: tuple[Expression, ...]
    body: Block
    docstring: str | None
    name_at: Position
    header: tuple[int, int]
    at: Position


Statement = (
    Import
    | Assign
    | Evaluate
    | Return
    | Raise
    | Assert
    | Delete
    | Scope
    | Jump
    | If
    | Loop
    | With
    | Try
    | Match
    | Function
    | Class
)
Block = tuple[Statement, ...]
