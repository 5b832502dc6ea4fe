"""The variable that an application's store is read from, set in a conftest before anything loads the application."""

from __future__ import annotations

from collections.abc import Callable

from isolint.edits import Edits, PythonFile
from isolint.facts.knowledge import Knowledge
from isolint.facts.meaning.values import Handle, Variable, text
from isolint.facts.program.project import Module
from isolint.facts.web.wiring import Wired
from isolint.late import dataclass
from isolint.remedies.early import at_the_end, put_early
from isolint.remedies.engines import dialect_of, spoken
from isolint.remedies.homes import Home, home_of
from isolint.remedies.servers import MAINTENANCE, making, new_address
from isolint.remedies.tables import makes_tables

_MEMORY = "sqlite://"
_SETTING = "SQLALCHEMY_DATABASE_URI"
# Settings that speak of other databases, what overwrites a pin, and a pool that SQLite's memory does not have.
_DISTURBING = ("SQLALCHEMY_BINDS", "override=True")
_DISTURBING_MEMORY = ("SQLALCHEMY_ENGINE_OPTIONS", "SQLALCHEMY_POOL_", "engine_options=")


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
    home, variable = home_of(know, path, python), wired.url
    app = _application(know, wired, handle)
    if app is None or _names(know, home, variable.name) or _is_disturbed(know, _DISTURBING):
        return None
    users = [
        each for each in sorted(know.test_files) if _is_below(each, home) and _uses(know, each, handle, app)
    ]
    made = {makes_tables(know, each) for each in (path, *users)}
    if len(made) != 1:
        return None
    tables = () if made.pop() else (_tables(app),)
    dialect = dialect_of(variable) or spoken(know)
    if dialect in MAINTENANCE:
        return _on_server(know, home, variable, app, tables, dialect)
    if dialect not in ("", "sqlite") or not _is_alone(know, variable.name):
        return None
    pin = f"os.environ[{_string(home, variable.name)}] = {_string(home, _MEMORY)}"
    return _written(home, ("import os",), pin, app, tables)


def _on_server(
    know: Knowledge, home: Home, variable: Variable, app: _Application, tables: tuple[str, ...], dialect: str
) -> Edits | None:
    """The same with a database of the tests' own on the server, made and dropped around the run."""
    default = text(variable.default) if variable.default is not None else None
    if variable.default is not None and default is None:
        return None
    module = know.project.module(home.path)
    defined = () if module is None else know.fixtures.defined(module).values()
    if any(f.module is module and f.autouse and f.scope == "session" for f in defined):
        return None
    name = _string(home, variable.name)
    read = f"os.environ[{name}]" if default is None else f"os.environ.get({name}, {_string(home, default)})"
    pin = (
        f"testing_url = {new_address(read)}\n"
        f"os.environ[{name}] = testing_url.render_as_string(hide_password=False)"
    )
    server = (
        f'create_engine(testing_url.set(database="{MAINTENANCE[dialect]}"), isolation_level="AUTOCOMMIT")'
    )
    disposal = f"    with {app.name}.app_context():\n        {app.extension}.engine.dispose()\n"
    needed = (
        "import logging",
        "import os",
        "import uuid",
        "from sqlalchemy import create_engine, make_url, text",
    )
    return _written(home, needed, pin, app, (making("testing_url", server, disposal), *tables))


def _string(home: Home, value: str) -> str:
    return home.file.string(value) if home.exists else f'"{value}"'


def _is_disturbed(know: Knowledge, words: tuple[str, ...]) -> bool:
    product = (path for path in know.project.files if not know.project.is_test(path))
    return any(word in (know.project.text(path) or "") for path in product for word in words)


def _is_alone(know: Knowledge, name: str) -> bool:
    """Whether one product module alone speaks of a variable, and none of settings that stand in the way of memory."""
    product = [path for path in know.project.files if not know.project.is_test(path)]
    if _is_disturbed(know, _DISTURBING_MEMORY):
        return False
    return sum(name in (know.project.text(path) or "") for path in product) == 1


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


def _uses(know: Knowledge, path: str, handle: Handle, app: _Application) -> bool:
    """Whether a test module imports what a handle stands for, or the application."""
    module = know.project.module(path)
    for site in () if module is None else know.module_sites(module).imports:
        if any(found.trail[-1:] == handle.trail[-1:] for _, _, found in know.imported_handles(site)):
            return True
        target = know.project.import_target(site.module, site.binding)
        if site.binding.imported is not None and target.module is app.module and target.rest == (app.name,):
            return True
    return False


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


def _written(
    home: Home, needed: tuple[str, ...], pin: str, app: _Application, fixtures: tuple[str, ...]
) -> Edits | None:
    """The edits that put the variable, and fixtures that use the application, into a conftest."""
    if not home.exists:
        code = "\n\n\n".join((f"{pin}\n\n{_imports(app)}", *fixtures)) if fixtures else pin
        return put_early(home, (*needed, "import pytest") if fixtures else needed, code)
    put = put_early(home, needed, pin)
    added = home.file.add_import("import pytest") if fixtures else ()
    if put is None or added is None or {edit.span for edit in added} & {edit.span for edit in put}:
        return None
    if not fixtures:
        return put
    inside = "".join(f"    {line}\n" for line in _imports(app).splitlines())
    code = "\n\n\n".join(each.replace("():\n", f"():\n{inside}\n", 1) for each in fixtures)
    return (*put, *added, at_the_end(home, code))
