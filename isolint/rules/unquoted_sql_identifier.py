"""A name is put into SQL without quotes, where the statement names a schema, table, database or role.

## What it does
Reports values that an f-string, `%`, `.format()` or `+` puts unquoted into the place of an identifier in
CREATE, DROP, ALTER, TRUNCATE, SET search_path, USE, COPY, GRANT and the like, in tests and their support code,
where the statement is executed: directly, through a local variable, `text()` or `DDL()`.

## Why is this bad?
A schema named `autotest-foo-091cf1ef` is a syntax error near "-", and the transaction is aborted from there on;
a name in capitals is folded and not found again. The suite passes until somebody names a tenant, a branch or a
test a little differently.

## Example
```python
cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
```

## Use instead
```python
quoted = connection.ops.quote_name(schema)  # Django
cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")

cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))  # psycopg

connection.execute(CreateSchema(schema, if_not_exists=True))  # SQLAlchemy
```

## What it does not mean
The rule is silent for quoted names, constants and listed names that are plain words, integers, hexadecimal and
worker suffixes, names that models declare, values and keywords, and for SQL that is only logged or compared.
Names in quotes that the code writes by hand, `'"%s"' % name`, are another matter.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isolint.rule import Applicability, Confidence, Context, File, Finding, Fix, Rule, Severity, show

if TYPE_CHECKING:
    from isolint.rule import Filled, PythonFile, Splice

rule = Rule("ISO401", "unquoted-sql-identifier", severity=Severity.ERROR, since="0.1")

Place = tuple[int, int, int, int]
BOUND: Place = (0, 0, 0, 0)
_DRIVERS = ("psycopg", "psycopg2", "django", "sqlalchemy", "sqlite3", "duckdb", "asyncpg", "aiosqlite")
_IN_DOUBLE_QUOTES = ("sqlite3", "aiosqlite", "duckdb", "asyncpg")
_MARKS = re.compile(r"quote|escape|literal|ident", re.IGNORECASE)
_FUNCTION = """\
def quoted(name):
    \"""An identifier in the quotes of SQL.\"""
    return '"' + name.replace('"', '""') + '"'
"""


@dataclass(frozen=True)
class Spliced:
    """A splice that is to be quoted, and all those of the same statement.

    `template` is where the statement is put together, `call` where it is executed; there it is given at `statement`.
    `near` are the calls that execute the other statements with splices.
    """

    splice: Splice
    all: tuple[Splice, ...]
    template: Place
    call: Place
    statement: Place | None
    near: tuple[Place, ...]

    def library(self, ctx: Context) -> tuple[str, str, Applicability]:
        """The driver, the kind of its object, and how sure that is: known, or the only one the file imports."""
        library, kind = ctx.know.identifiers.library(self.splice)
        if library:
            return library, kind, Applicability.SAFE
        imported = {name for name in _imported(ctx.python().tree) if name in _DRIVERS}
        return imported.pop() if len(imported) == 1 else "", "cursor", Applicability.UNSAFE

    def holes(self, ctx: Context) -> tuple[Place, ...]:
        """Where the splices of the statement stand."""
        return tuple(ctx.hole_position(splice) for splice in self.all)

    def text(self, ctx: Context) -> Filled | None:
        """The statement, if each splice is one whole name in it."""
        filled = ctx.filled(self.splice.template) if self.splice.template is not None else None
        if filled is None or any(ctx.know.identifiers.may_be_several(splice) for splice in self.all):
            return None
        holes = self.holes(ctx)
        return filled if all(hole in filled.holes and filled.is_whole(hole) for hole in holes) else None


@rule.on(File)
def check(site: File, ctx: Context) -> Iterator[Finding]:
    found = list(ctx.know.making.splices(site.module))
    for splice in found:
        message = f"`{show(splice.hole)}` is put into SQL as an identifier without quotes"
        confidence = Confidence.HIGH if splice.sure else Confidence.LOW
        subject = None
        if splice.template is not None and splice.event is not None:
            together = tuple(other for other in found if other.template is splice.template)
            call = splice.event.call
            given = call.arguments[0].at if call.arguments else None
            near = tuple(other.event.call.at for other in found if other.event is not None)
            subject = Spliced(splice, together, splice.template.at, call.at, given, near)
        yield ctx.finding(ctx.hole_position(splice), message, confidence=confidence, subject=subject)


@rule.fix(Applicability.SAFE)
def compose_the_statement(subject: Spliced, ctx: Context) -> Fix | None:
    """psycopg: `sql.SQL("... {} ...").format(sql.Identifier(name))`."""
    library, _, applicability = subject.library(ctx)
    file, filled = ctx.python(), subject.text(ctx)
    if library not in ("psycopg", "psycopg2") or filled is None:
        return None
    if not _is_executed_alone(file, subject):
        return None
    is_module = _may_bind(file.tree, "sql", library)
    known = "sql" if is_module else f"{library}_sql"
    imported = f"from {library} import sql" if is_module else f"from {library} import sql as {known}"
    names = [_each(file, hole, f"{known}.Identifier", f"{known}.SQL") for hole in filled.holes]
    for index, hole in enumerate(filled.holes):
        if hole not in subject.holes(ctx):
            word = file.code(hole)
            names[index] = (
                f"{known}.SQL({word})" if ctx.know.identifiers.is_word(word, subject.splice) else ""
            )
    if not all(names):
        return None
    at = subject.template
    composed = _composed(file, at, f"{known}.SQL", filled.pattern, f"format({', '.join(names)})")
    return ctx.fix(
        "Compose the statement with `sql.Identifier`",
        file.replace_expression(at, composed),
        file.add_import(imported),
        applicability=applicability,
    )


def _composed(file: PythonFile, at: Place, function: str, pattern: str, rest: str) -> str:
    """The composed statement, over several lines where the file's lines are shorter."""
    if "\n" in pattern:
        lines = "\n".join(f"    {line.strip()}" for line in pattern.split("\n"))
        return f"{function}(\n{lines}\n).{rest}"
    code = f"{function}({pattern}).{rest}"
    if not file.is_too_long(at, code):
        return code
    line = file.text.lines[at[0] - 1].rstrip().partition("  #")[0]
    found = file.text.span(at)
    if line[: found.column - 1].endswith("(") and line[found.end_column - 1 :] == ")":
        return f"\n    {code}\n"
    opened = rest.partition("(")[0]
    return f"{function}({pattern}).{opened}(\n    {rest[len(opened) + 1 : -1]}\n)"


@rule.fix(Applicability.SAFE)
def use_a_construct(subject: Spliced, ctx: Context) -> Fix | None:
    """SQLAlchemy: `CreateSchema(name)` and `DropSchema(name)` where they say all that the statement does."""
    library, _, applicability = subject.library(ctx)
    file, filled = ctx.python(), subject.text(ctx)
    if library != "sqlalchemy" or filled is None or len(filled.holes) != 1:
        return None
    if subject.statement is None:
        return None
    match file.node(subject.statement):
        case ast.Call(func=ast.Name(id="text"), args=[text], keywords=[]) if text is file.node(
            subject.template
        ):
            construct = _construct(filled, file.code(filled.holes[0]))
        case _:
            return None
    if construct is None:
        return None
    is_old = "if_" in construct
    return ctx.fix(
        f"Use `{construct.partition('(')[0]}`",
        file.replace(subject.statement, construct),
        file.add_import(f"from sqlalchemy.schema import {construct.partition('(')[0]}"),
        applicability=Applicability.UNSAFE if is_old else applicability,
    )


@rule.fix(Applicability.SAFE)
def quote_in_place(subject: Spliced, ctx: Context) -> Fix | None:
    """Django's `connection.ops.quote_name(name)`, the preparer of SQLAlchemy's dialect."""
    library, kind, applicability = subject.library(ctx)
    file, filled = ctx.python(), subject.text(ctx)
    quote = _quote(library, kind, subject, file) if filled is not None else ""
    if not quote or file.function(subject.splice.at) is not file.function(subject.call):
        return None
    title = f"Quote the name with `{quote}`"
    place = _place_of_function(quote, subject, file) if library == "sqlalchemy" else None
    if place is None:
        return _quoted_by(quote, title, subject, ctx, applicability)
    fix = _quoted_by("quote", title, subject, ctx, applicability)
    added = file.insert_before(place, f"quote = {quote}") if place != BOUND else ()
    return ctx.fix(title, fix.edits, added, applicability=applicability) if fix is not None else None


def _place_of_function(quote: str, subject: Spliced, file: PythonFile) -> Place | None:
    """Where a function for all of several splices can be bound to `quote`, or for one in a line too long.

    None where it cannot, or need not; `BOUND` where it is bound already.
    """
    owner, function, found = (
        quote.partition(".")[0],
        file.function(subject.call),
        file.statement(subject.call),
    )
    if function is None or found is None:
        return None
    binds = [
        n for n in ast.walk(function) if isinstance(n, ast.Assign) and file.code(n) == f"quote = {quote}"
    ]
    if binds:
        return BOUND if binds[0].lineno < subject.call[0] else None
    near = [at for at in subject.near if file.function(at) is function]
    if (len(near) < 2 and not file.is_too_long(subject.call, file.code(subject.call) + quote)) or _binds(
        file.tree, "quote"
    ):
        return None
    for index, node in enumerate(found.around):
        if isinstance(node, ast.With | ast.AsyncWith) and any(
            isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == owner for item in node.items
        ):
            first = min(at for at in near if node.lineno <= at[0] <= (node.end_lineno or 0))
            chain = file.statement(first)
            inner = (*chain.around, chain.statement)[index + 1] if chain is not None else None
            return (inner.lineno, inner.col_offset) * 2 if inner is not None else None
    return None


@rule.fix(Applicability.UNSAFE)
def add_a_quoting_function(subject: Spliced, ctx: Context) -> Fix | None:
    """For drivers that offer nothing: a function of the module's own."""
    library, _, _ = subject.library(ctx)
    file = ctx.python()
    if library not in _IN_DOUBLE_QUOTES or subject.text(ctx) is None:
        return None
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    existing = [node for node in file.tree.body if isinstance(node, definitions) and node.name == "quoted"]
    is_ours = bool(existing) and file.code(existing[0]) in _FUNCTION
    if not is_ours and _binds(file.tree, "quoted"):
        return None
    first = next((node for node in file.tree.body if isinstance(node, definitions)), None)
    fix = _quoted_by("quoted", "Quote the name", subject, ctx, Applicability.UNSAFE)
    if fix is None or first is None or is_ours:
        return fix
    line = min([first.lineno, *(decorator.lineno for decorator in first.decorator_list)])
    added = file.text.lines_before(line, file.stepped(_FUNCTION), "", 2)
    return ctx.fix(fix.title, fix.edits, added, applicability=fix.applicability)


def _quoted_by(
    quote: str, title: str, subject: Spliced, ctx: Context, applicability: Applicability
) -> Fix | None:
    """The fix that puts the splice, and it alone, through a function."""
    file, at = ctx.python(), ctx.hole_position(subject.splice)
    quoted = _each(file, at, quote)
    written = file.code(subject.template)
    if isinstance(file.node(subject.template), ast.JoinedStr):
        added = quoted.replace(file.code(at), "", 1)
        mark = written.lstrip("rRfF")[:1]
        if mark in added or "\\" in added:
            return None
    return ctx.fix(title, file.replace(at, quoted), applicability=applicability) if quoted else None


def _quote(library: str, kind: str, subject: Spliced, file: PythonFile) -> str:
    """The function that quotes for what executes a statement, as it can be written there."""
    executor = file.node(subject.call)
    if not isinstance(executor, ast.Call) or not isinstance(executor.func, ast.Attribute):
        return ""
    owner = executor.func.value
    if library == "django":
        if kind == "schema editor":
            return f"{file.code(owner)}.quote_name"
        connections = _owners(owner, file.function(subject.call), file, ("cursor",))
        return f"{connections.pop()}.ops.quote_name" if len(connections) == 1 else ""
    if library == "sqlalchemy" and isinstance(owner, ast.Name | ast.Attribute):
        if kind == "cursor":
            made = _owners(owner, file.function(subject.call), file, ("connect", "begin"))
            kind = "connection" if made else ""
        bound = {"connection": "", "engine": "", "session": ".get_bind()"}.get(kind)
        return "" if bound is None else f"{file.code(owner)}{bound}.dialect.identifier_preparer.quote"
    return ""


def _owners(name: ast.expr, around: ast.AST | None, file: PythonFile, methods: tuple[str, ...]) -> set[str]:
    """What a name is made from by one of these methods, as code; nothing where it is made in another way, too."""
    made: list[ast.expr] = [name] if isinstance(name, ast.Call) else []
    for node in ast.walk(around or file.tree):
        if isinstance(node, ast.withitem) and _is_same(node.optional_vars, name):
            made.append(node.context_expr)
        if isinstance(node, ast.Assign) and any(_is_same(target, name) for target in node.targets):
            made.append(node.value)
    calls = [call.value if isinstance(call, ast.Await) else call for call in made]
    functions = [call.func for call in calls if isinstance(call, ast.Call)]
    owners = [f.value for f in functions if isinstance(f, ast.Attribute) and f.attr in methods]
    return {file.code(owner) for owner in owners} if len(owners) == len(made) else set()


def _is_same(target: ast.expr | None, name: ast.expr) -> bool:
    return isinstance(target, ast.Name) and isinstance(name, ast.Name) and target.id == name.id


def _construct(filled: Filled, name: str) -> str | None:
    """`CreateSchema(name)` and the like for a statement, None for those that say more."""
    match [word.lower().rstrip(";") for word in filled.words]:
        case ["create", "schema", "{}"]:
            return f"CreateSchema({name})"
        case ["create", "schema", "if", "not", "exists", "{}"]:
            return f"CreateSchema({name}, if_not_exists=True)"
        case ["drop", "schema", "{}"]:
            return f"DropSchema({name})"
        case ["drop", "schema", "{}", "cascade"]:
            return f"DropSchema({name}, cascade=True)"
        case ["drop", "schema", "if", "exists", "{}"]:
            return f"DropSchema({name}, if_exists=True)"
        case ["drop", "schema", "if", "exists", "{}", "cascade"]:
            return f"DropSchema({name}, if_exists=True, cascade=True)"
    return None


def _each(file: PythonFile, at: Place, quote: str, text: str = "") -> str:
    """Code for an expression put through `quote`; for `", ".join(names)` each of the names."""
    code = file.code(at)
    node = ast.parse(f"({code})", mode="eval").body
    match node:
        case ast.Call(func=ast.Attribute(value=separator, attr="join"), args=[names], keywords=[]):
            glue = ast.get_source_segment(f"({code})", separator) or ""
            written = ast.get_source_segment(f"({code})", names) or ""
            if text and isinstance(separator, ast.Constant):
                glue = f"{text}({file.string(str(separator.value))})"
            match names:
                case ast.GeneratorExp(elt=elt) | ast.ListComp(elt=elt):
                    element = ast.get_source_segment(f"({code})", elt) or ""
                    return f"{glue}.join({written.strip('([])').replace(element, f'{quote}({element})', 1)})"
            return f"{glue}.join({quote}(name) for name in {written})"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if _MARKS.search(name):
            return ""
        case ast.BinOp() | ast.BoolOp() | ast.IfExp() | ast.JoinedStr() | ast.Constant() | ast.Await():
            return ""
    return f"{quote}({code})"


def _is_executed_alone(file: PythonFile, subject: Spliced) -> bool:
    """Whether the statement is handed to the driver as it is, directly or through a variable for it alone."""
    if subject.statement == subject.template:
        return True
    found = file.statement(subject.template)
    if found is None or not isinstance(found.statement, ast.Assign) or len(found.statement.targets) != 1:
        return False
    target, function = found.statement.targets[0], file.function(subject.template)
    if not isinstance(target, ast.Name) or function is None:
        return False
    if found.statement.value is not file.node(subject.template):
        return False
    used = [
        n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == target.id and n is not target
    ]
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
    return all(any(use in call.args for call in calls) for use in used)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def _may_bind(tree: ast.Module, name: str, library: str) -> bool:
    """Whether a name may be imported from a library: nothing else has it, and if it is there, it is that."""
    others = (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module != library)
    imported = {alias.asname or alias.name for node in others for alias in node.names}
    return name not in imported and not _binds(tree, name)


def _binds(tree: ast.Module, name: str) -> bool:
    """Whether anything but an import has a name."""
    tests: list[Callable[[ast.AST], bool]] = [
        lambda n: isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load),
        lambda n: isinstance(n, ast.arg) and n.arg == name,
        lambda n: isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and n.name == name,
    ]
    return any(test(node) for node in ast.walk(tree) for test in tests)
