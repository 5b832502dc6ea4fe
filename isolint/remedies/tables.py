"""The tables of a store that is made for tests: whether the suite makes them itself, and a fixture that does."""

from __future__ import annotations

from collections.abc import Iterator

from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning.values import FunctionValue, options
from isolint.facts.program import syntax as s
from isolint.facts.program.project import Module
from isolint.facts.program.scopes import expressions, statements, walk
from isolint.facts.program.show import dotted
from isolint.facts.running.relevance import calls_in, last_name
from isolint.late import dataclass

_MAKING = frozenset({"create_all", "upgrade"})
_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "AsyncAttrs", "MappedAsDataclass"})
_CALLS = frozenset({"declarative_base", "MetaData", "automap_base"})

_SQLMODEL = "SQLModel"


@dataclass(frozen=True, slots=True)
class Written:
    """Code, and the imports it needs."""

    code: str
    imports: tuple[str, ...]


def names_tables(body: s.Block) -> bool:
    """Whether code speaks of making tables: `create_all`, `command.upgrade`."""
    return any(
        isinstance(inner, s.Attribute) and inner.name in _MAKING
        for node in statements(body)
        for expression in expressions(node)
        for inner in walk(expression)
    )


def makes_tables(know: Knowledge, path: str) -> bool:
    """Whether the tests of a file, or the conftests above it, make tables: themselves, or by the product's code."""
    modules = list(know.fixtures.chain(path))
    return any(_makes_tables(know, module) for module in modules)


def _makes_tables(know: Knowledge, module: Module) -> bool:
    if any(names_tables(body) for body in _bodies(module)):
        return True
    for function in (None, *module.functions):
        frame = (
            know.evaluator.module_frame(module)
            if function is None
            else know.evaluator.function_frame(module, function)
        )
        body = module.facts.body if function is None else function.body
        for call in calls_in(body):
            for value in options(know.evaluator.evaluate(call.function, frame)):
                called = value.function if isinstance(value, FunctionValue) else None
                if isinstance(called, s.Function) and names_tables(called.body):
                    return True
    return False


def _bodies(module: Module) -> Iterator[s.Block]:
    yield module.facts.body
    for function in module.functions:
        yield function.body


def metadata_of(know: Knowledge, module: Module) -> Written | None:
    """The expression of the product's only metadata, with its import; None where there are none or several."""
    product = sorted(path for path in know.project.files if not know.project.is_test(path))
    found: dict[tuple[str, str], str] = {}
    for path in product:
        seen = know.project.module(path)
        if seen is not None:
            for name, text in _metadata_in(seen):
                found["sqlmodel" if name == _SQLMODEL else seen.dotted, name] = text
    if len(found) != 1:
        return None
    ((dotted_name, name), text) = next(iter(found.items()))
    return Written(text, (f"from {dotted_name} import {name}",))


def _metadata_in(module: Module) -> Iterator[tuple[str, str]]:
    for node in statements(module.facts.body):
        match node:
            case s.Class(name=name, bases=bases):
                lasts = {(dotted(base) or "").rpartition(".")[2] for base in bases}
                if _SQLMODEL in lasts:
                    yield _SQLMODEL, f"{_SQLMODEL}.metadata"
                elif lasts & _BASES and not _is_abstract(name):
                    yield name, f"{name}.metadata"
            case s.Assign(targets=(s.Name(id=name),), value=s.Call() as call):
                last = last_name(call)
                if last in _CALLS:
                    yield name, name if last == "MetaData" else f"{name}.metadata"


def _is_abstract(name: str) -> bool:
    return name.startswith("_")


def tables_fixture(know: Knowledge, metadata: Written, engine: str, is_async: bool) -> Written:
    """A fixture that makes the tables before each test and drops them afterwards."""
    if not is_async:
        code = (
            "@pytest.fixture(autouse=True)\n"
            "def testing_tables():\n"
            f"    {metadata.code}.create_all({engine})\n"
            "    yield\n"
            f"    {metadata.code}.drop_all({engine})"
        )
        return Written(code, ("import pytest", *metadata.imports))
    code = (
        "@pytest_asyncio.fixture(autouse=True)\n"
        "async def testing_tables():\n"
        f"    async with {engine}.begin() as connection:\n"
        f"        await connection.run_sync({metadata.code}.create_all)\n"
        "    yield\n"
        f"    async with {engine}.begin() as connection:\n"
        f"        await connection.run_sync({metadata.code}.drop_all)"
    )
    return Written(code, ("import pytest_asyncio", *metadata.imports))
