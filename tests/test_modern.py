"""libcst's reading of a file, held equal to `ast`'s: the same nodes at the same places."""

from __future__ import annotations

import ast
import sys
import sysconfig
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path

import libcst as cst
import pytest

from isolint.modern import to_ast
from isolint.source import run_deep

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
REPOSITORY = Path(__file__).parents[1]

# About 120 modules of the standard library, in all styles.
PACKAGES = "asyncio concurrent html importlib json logging wsgiref xml zoneinfo".split()
MODULES = "ast calendar contextlib csv dataclasses enum functools operator statistics textwrap typing".split()


def lowered(tree: ast.Module) -> ast.Module:
    """What interpreters agree on in the tree `ast` gives, with all that is newer than Python 3.10 lowered."""
    for node in ast.walk(tree):
        for block in ("body", "orelse", "finalbody"):
            if isinstance(getattr(node, block, None), list):
                setattr(node, block, [_as_assignment(statement) for statement in getattr(node, block)])
        if hasattr(node, "type_params"):
            node.type_params = []
        if type(node).__name__ == "TryStar":
            node.__class__ = ast.Try
        if isinstance(node, ast.JoinedStr):
            _agree(node)
    return tree


def _as_assignment(statement: ast.stmt) -> ast.stmt:
    if type(statement).__name__ != "TypeAlias":
        return statement
    alias = ast.Assign(targets=[statement.name], value=statement.value)  # type: ignore[attr-defined]
    return ast.copy_location(alias, statement)


def _agree(string: ast.JoinedStr) -> None:
    """Before Python 3.12 the places inside an f-string are wrong; 3.12 itself adds empty texts to formats."""
    for node in ast.walk(string):
        if isinstance(node, ast.expr) and node is not string and sys.version_info < (3, 12):
            node.lineno = node.col_offset = node.end_lineno = node.end_col_offset = 0
    string.values = [value for value in string.values if getattr(value, "value", None) != ""]


def dump(tree: ast.Module, indent: int | None = None) -> str:
    return ast.dump(lowered(tree), include_attributes=True, indent=indent)


def difference(text: str) -> list[str]:
    """Where libcst's reading of the text and `ast`'s differ, in the words of both."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modern, builtin = run_deep(lambda: to_ast(text)), ast.parse(text)
    if dump(modern) == dump(builtin):
        return []
    lines = dump(builtin, indent=1).splitlines(), dump(modern, indent=1).splitlines()
    return list(unified_diff(*lines, "ast", "libcst", lineterm=""))


def differing(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        with tokenize.open(file) as stream:
            if lines := difference(stream.read()):
                yield "\n".join([str(file), *lines[:50]])


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_of_the_standard_library(package: str) -> None:
    assert list(differing((STANDARD_LIBRARY / package).rglob("*.py"))) == []


@pytest.mark.parametrize("module", MODULES)
def test_modules_of_the_standard_library(module: str) -> None:
    assert list(differing([STANDARD_LIBRARY / f"{module}.py"])) == []


@pytest.mark.parametrize("folder", ["isolint", "tests"])
def test_own_code(folder: str) -> None:
    assert list(differing((REPOSITORY / folder).rglob("*.py"))) == []


GRAMMAR = {
    "numbers": "0xFF + 0o17 + 0b11 + 1_000 + 1e3 + 1j + .5 + 1. + 00\n1 .real\n...\nNone, True, False\n",
    "strings": r"""
'a' "b" 'c\x41\n\101\u00e9\N{BULLET}'
u'a' 'b'; 'a' u'b'
b'a' b'\xff'; rb'\d' Rb"\'"
'\d' r'\d'
'''a\
b
"''' + "ü" ''
('a'
 'b')
""",
    "f-strings": r"""
f'' f"a"
f'{x}' f"{x!r}{y!s:>10}{z!a}" 'a' f'b{c}d' 'e'
u'a' f'b{c}'; '' f'{a}'
f'a{{b{c}d}}' rf'\d{x}\n' f'\x41\n{x}\N{BULLET}{{'
f'{x:%Y-%m}{y:{z}}{y:>{z}}{x!s:a{y}b}' f'{x:}'
f'{x=}' f'{ x = }' f'{x=!s}' f'{x=:5}' f'{a.b(c) + 1 = !r:>{w}}'
f'{ {1: 2}[1] }{(lambda x: 1)}{a if b else c}{x != y}{*a, b}{(y := 1)}'
f'''
{x}
  é{
  y
}
'''
(f'a'
 f'{b}'
 'c')
""",
    "operators": """
-x ** -y; not x; ~x; +x
a + b - c * d / e // f % g @ h << i >> j | k & l ^ m
(a + b) * (c - (d))
a and b and c or d; (a and b) and c; a and (b and c); a or (b or c) or d
a < b <= c == d != e > f >= g is h is not i in j not in k
(a) < (b); (a) if (b) else (c)
""",
    "calls": """
f(); f(a, *b, c=1, **d); f(*a, *b, c=1, **d, e=2); f(a,); f((a), *(b), c=(d), **(e))
f(x for x in y); f((x for x in y)); f ( x for x in y ); (f)(x for x in y); f(a, (x for x in y))
(f(a)(b)); f(
    a,
)
f(a := 1)
""",
    "subscripts": "a[b]; a[b, c]; a[b,]; a[(b, c)]; a[1:2]; a[:]; a[::]; a[ : b : ]; a[(b):(c), d, e:]\n",
    "attributes": "a.b.c; (a).b; (\n(a)\n.b\n); 'a'.b; a().b\n",
    "collections": """
(); []; {}; {a}; {a: b}; (a,); a,; a, b; (a, b); ((a, b)); [a, b,]; {a, b,}; {a: b, **c,}
x = *a, b
[(a), *(b)]; {(a): (b), **(c)}; (*a, b)
""",
    "comprehensions": """
[a for a in b]; {a for a in b if c}; {a: b for a, b in c for d in e if f if g}; (a for a in b)
{a: b for (a), (b) in (c) if (d)}; [a for a, in b]
""",
    "lambdas": """
lambda: 0
lambda a, b=1, /, c=2, *d, e, f=3, **g: (yield)
lambda *, a: a; lambda *a, b=1: (a)
""",
    "functions": """
def f(a, b: int = 1, /, c: (str) = (2), *d: e, f, g: h = 3, **i: j) -> (k): pass
def f(*, a=1, b): return
def f(a, /): return a, b
def f(): return(a)
@a.b(c)
@(d)

# comment
def f(  # comment
    a,
):
    '''Text.'''
    yield; yield a; x = yield a, b; yield from c; x += yield
    return *a, b
    # comment
""",
    "async functions": """
@a
async def f():
    await a; await a ** b
    async with a as b, c: pass
    async with (a as b, c as d): pass
    async for a in b: pass
    else: pass
    return [a async for a in b if await c]
""",
    "classes": """
class A: pass
class A(): x; y;
class A(B, *c, d=1, **e): ...
@a
class A((B)):
    x: int
    def f(self): pass
""",
    "assignments": """
a = b = c, d = e
a, *b = c; [a, *b] = c; (a, b), c = d; (a) = 1; (a.b) = 1; a[b] = c
a: int; a: int = 1; a.b: int = 2; a[0]: int; a: tuple = 1, 2; a: int = yield
a += 1; a.b -= 1; a[b] *= 1; a /= 1; a //= 1; a %= 1; a @= 1; a **= 1; a &= 1; a |= 1; a ^= 1
a <<= 1; a >>= 1
(a := 1)
del a; del a, b; del (a, b), c; del (a); del (a), ; del [a]; del a.b, c[d]
""",
    "imports": """
import a; import a.b.c as d, e . f
from . import a; from .. import b; from ...a import b; from .a.b import (c, d as e,); from a import *
from .... import x
""",
    "simple statements": """
pass; break; continue
raise; raise a; raise (a) from (b)
assert a; assert (a), (b)
global a, b
nonlocal c
""",
    "blocks": """
if a: b; c
elif d: e;
else:
    f;

# comment
if (a):
    pass
elif b:
    if c:
        d
    else: e
while a: pass
else: pass
for a, b in c, d: pass
for (a) in (b):
    pass
for a, in *b, c:
    pass
else:
    pass
""",
    "exceptions": """
try: a
except: b
try:
    a
except (A, B) as c:
    d
except (A):
    pass
else:
    e;
finally:
    f ;  # comment
""",
    "with": """
with a: pass
with a as b, c as (d, e): pass
with a as b.c, d as e[0], f as [g]: pass
with (a): pass
with (a, b): pass
with (a, b) as c: pass
with (a), (b): pass
with (a as b): pass
with (
    a as b,
    c,
):
    pass
with (a, b)(): pass
with (yield a): pass
""",
    "match": """
match a:
    case 1 | -1 | 1 + 2j | -1.5 - 2j | 'a' 'b' | b'c': pass
    case None | True | False: pass
    case (1): pass
    case(None): pass
    case _ if (b): pass
match a, *b:
    case a.b.c: pass
    case a: pass
    case (a as b): pass
    case [1, 2, *_] | (3, *rest,): pass
    case a, *_, : pass
    case (): pass
    case []: pass
    case ((a, b)), [c]:
        pass
match (a):
    case {}: pass
    case {'a': 1, b.c: d, -1: _, None: e, **rest}: pass
    case A() | b.C(1, x=2, y=(_),): pass
match = case = type = _ = 1
match[a]; match(a); type(a)
""",
    "layout": "x = 1 \\\n  + 2\nif a and \\\n   b:\n\tc\n\n\td # comment\n  # comment\n\n\ne;\nf",
    "form feeds": "\x0cx = 1\nif a:\n    b\n\x0c    c\n\x0c\n    \x0cd\n \x0c # comment\ne \x0c= 1\n",
    "wide characters": "é = 'ü'; ﬁ = ﬁ.ﬁ(ﬁ=1)\ndef ﬁ(ﬁ): global ﬁ\n'''é\né''' + é\n",
    "carriage returns": "x = '''a\r\nb\rc\nd''' + f'''{x}\r\n{y}''' + e\r\ny = 1\rz = 2",
    "nothing": "",
    "comment": "# comment",
}


@pytest.mark.parametrize("feature", GRAMMAR)
def test_grammar(feature: str) -> None:
    assert difference(GRAMMAR[feature]) == []


# What is newer than Python 3.10, and what it is lowered to.
NEWER = {
    "type alias": ("type X = int; y", "X = int; y"),
    "generic type alias": ("type X[T: (int, str)] = list[T]", "X = list[T]"),
    "generic function": ("def f[T: int, *Ts, **P = [int]](x: T) -> T: ...", "def f(x: T) -> T: ..."),
    "generic class": ("@a\nclass A[T = int](B): ...", "@a\nclass A(B): ..."),
    "quotes within quotes": ("f'{x['a']} {f'{y}'}'", 'f\'{x["a"]} {f"{y}"}\''),
    "comment in f-string": ("f'{\n  x  # {\n}'", "f'{x}'"),
    "template string": ("t'a{x!r:>{w}}b' + rt'\\d{y=}'", "f'a{x!r:>{w}}b' + rf'\\d{y=}'"),
    "exception groups": ("try: a\nexcept* B as b: c\nelse: d", "try: a\nexcept B as b: c\nelse: d"),
    "exceptions without parentheses": ("try: a\nexcept B, c.D: e", "try: a\nexcept (B, c.D): e"),
    "groups without parentheses": ("try: a\nexcept* B, C: d", "try: a\nexcept (B, C): d"),
}
# What libcst knows from 1.9 on.
NEWEST = {
    "lazy import": ("lazy import a.b as c; d", "import a.b as c; d"),
    "lazy import from": ("lazy from .a import (b, c)", "from .a import (b, c)"),
    "unpacking in a comprehension": ("{**a for a in b}", "{**(a for a in b)}"),
}
if hasattr(cst, "LazyImport"):
    NEWER |= NEWEST


@pytest.mark.parametrize("feature", NEWER)
def test_newer_grammar_is_lowered(feature: str) -> None:
    newer, older = NEWER[feature]
    assert ast.dump(to_ast(newer)) == ast.dump(lowered(ast.parse(older)))


PLACES = """\
type Æ[T] = dict[T, x] ; type v = w
def f[T: (y, z)](a: T, *b: *Ts) -> c: é = f'é{d[f"{f'{g}'}"]:>{h}}' + t'{
    # comment
    i!r} {j} \\N{BULLET} {"\\n".join(k)}'; l
try: [m for m in n]; o[*p]
except* Q, r.s: lambda: u
"""


def test_places_in_newer_grammar() -> None:
    names = [node for node in ast.walk(to_ast(PLACES)) if isinstance(node, ast.Name)]
    assert [ast.get_source_segment(PLACES, name) for name in names] == [name.id for name in names]
    assert {name.id for name in names} >= set(
        "Æ dict x a T Ts c é d g h i j k l m n o p Q r u v w".split()
    ) - {"a"}
    alias = to_ast(PLACES).body[0]
    assert ast.get_source_segment(PLACES, alias) == "type Æ[T] = dict[T, x]"


def test_starred_annotation() -> None:
    (function,) = to_ast("def f(*args: *Ts): ...").body
    assert isinstance(function, ast.FunctionDef)
    assert function.args.vararg is not None
    assert isinstance(function.args.vararg.annotation, ast.Starred)


@pytest.mark.parametrize("text", ["x = (\n", "x = 1\nprint 'y'\n", "t'a' t'b'\n", "if x:\ny\n", "'\\x1'\n"])
def test_what_libcst_cannot_read(text: str) -> None:
    with pytest.raises(SyntaxError):
        to_ast(text)
