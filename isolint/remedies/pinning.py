"""The variable that an application's store is read from, set in a conftest before anything loads the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isolint.edits import Edits, PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning.values import Handle, Variable
from isolint.facts.program.project import Module
from isolint.facts.web.wiring import Wired
from isolint.remedies.early import at_the_end, put_early
from isolint.remedies.engines import dialect_of
from isolint.remedies.homes import Home, home_of
from isolint.remedies.tables import makes_tables

_MEMORY = "sqlite://"
_SETTING = "SQLALCHEMY_DATABASE_URI"
# Settings that speak of other databases, or of a pool that SQLite's memory does not have; and what overwrites a pin.
_DISTURBING = (
    "SQLALCHEMY_BINDS",
    "SQLALCHEMY_ENGINE_OPTIONS",
    "SQLALCHEMY_POOL_",
    "engine_options=",
    "override=True",
    "sqlalchemy.dialects",
)


@dataclass(frozen=True, slots=True)
class _Application:
    """An application and its extension: the names that tests import them by."""

    module: Module
    name: str
    extension_module: Module
    extension: str


def pinned(know: Knowledge, python: Callable[[str], PythonFile], handle: Handle, path: str) -> Edits | None:
    """The edits of the conftest above a file that let the application's extension find memory when it is loaded.

    None where its address is no variable, or one that something else reads too; for a server whose SQL SQLite may not
    know; and where some of the tests make the tables and others rely on those that are there.
    """
    wired = know.wiring.on_import(handle, path)
    if wired is None or _SETTING not in wired.ready.entry.settings or not isinstance(wired.url, Variable):
        return None
    home = home_of(know, path, python)
    if dialect_of(wired.url) not in ("", "sqlite") or not _is_alone(know, wired.url.name):
        return None
    app = _application(know, wired, handle)
    if app is None or _names(know, home, wired.url.name):
        return None
    users = [each for each in sorted(know.test_files) if _is_below(each, home) and _uses(know, each, handle)]
    making = {makes_tables(know, each) for each in (path, *users)}
    if len(making) != 1:
        return None
    tables = "" if making.pop() else _tables(app)
    return _written(home, wired.url.name, app, tables)


def _is_alone(know: Knowledge, name: str) -> bool:
    """Whether one product module alone speaks of a variable, and none of settings that stand in the way."""
    product = [path for path in know.project.files if not know.project.is_test(path)]
    texts = [know.project.text(path) or "" for path in product]
    if any(word in text for text in texts for word in _DISTURBING):
        return False
    return sum(name in text for text in texts) == 1


def _names(know: Knowledge, home: Home, name: str) -> bool:
    """Whether the conftest speaks of a variable already."""
    return home.exists and name in (know.project.text(home.path) or "")


def _application(know: Knowledge, wired: Wired, handle: Handle) -> _Application | None:
    path, at = wired.ready.app
    app = know.project.module(path)
    extension = know.project.module(handle.trail[-1].path)
    if app is None or extension is None or app.is_test or extension.is_test:
        return None
    name, other = _bound_at(app, at), _bound_at(extension, handle.trail[-1].at)
    return None if not name or not other else _Application(app, name, extension, other)


def _bound_at(module: Module, at: tuple[int, int, int, int]) -> str:
    """The name at the top of a module that a statement or value there binds, "" where there is none."""
    for name, bindings in module.names.bindings.items():
        value = bindings[0].value
        if len(bindings) == 1 and at in (bindings[0].node.at, None if value is None else value.at):
            return name
    return ""


def _is_below(path: str, home: Home) -> bool:
    folder = home.path.rpartition("/")[0]
    return not folder or path.startswith(f"{folder}/")


def _uses(know: Knowledge, path: str, handle: Handle) -> bool:
    """Whether a test module imports what a handle stands for."""
    module = know.project.module(path)
    sites = () if module is None else know.module_sites(module).imports
    return any(
        found.trail[-1:] == handle.trail[-1:] for site in sites for _, _, found in know.imported_handles(site)
    )


def _imports(app: _Application) -> str:
    if app.module is app.extension_module:
        return f"from {app.module.dotted} import {', '.join(sorted((app.name, app.extension)))}"
    lines = (
        f"from {app.module.dotted} import {app.name}",
        f"from {app.extension_module.dotted} import {app.extension}",
    )
    return "\n".join(sorted(lines))


def _tables(app: _Application) -> str:
    return (
        "@pytest.fixture(autouse=True)\n"
        "def testing_tables():\n"
        f"    with {app.name}.app_context():\n"
        f"        {app.extension}.create_all()\n"
        "    yield\n"
        f"    with {app.name}.app_context():\n"
        f"        {app.extension}.drop_all()"
    )


def _written(home: Home, variable: str, app: _Application, tables: str) -> Edits | None:
    """The edits that put the variable, and a fixture that makes the tables, into a conftest."""
    if not home.exists:
        code = f'os.environ["{variable}"] = "{_MEMORY}"'
        needed = ("import os", "import pytest") if tables else ("import os",)
        return put_early(home, needed, f"{code}\n\n{_imports(app)}\n\n\n{tables}" if tables else code)
    file = home.file
    put = put_early(home, ("import os",), f"os.environ[{file.string(variable)}] = {file.string(_MEMORY)}")
    added = file.add_import("import pytest") if tables else ()
    if put is None or added is None or {edit.span for edit in added} & {edit.span for edit in put}:
        return None
    if not tables:
        return put
    inside = "".join(f"    {line}\n" for line in _imports(app).splitlines())
    return (*put, *added, at_the_end(home, tables.replace("():\n", f"():\n{inside}\n", 1)))
