"""The shape of entries about what is around the handles: web applications, the state of the process, the machine.

Written as those of `entries` are.
"""

from __future__ import annotations

from dataclasses import field

from isolint.late import dataclass
from isolint.vocabulary.entries import Argument

STATES = ("environment", "folder", "modules", "attribute", "item", "setting")
ENDS = ("", "block", "test")
ROLES = (
    "application",
    "router",
    "join",
    "joins",
    "route",
    "injection",
    "client",
    "transport",
    "lifespan",
    "startup",
)


@dataclass(frozen=True, slots=True)
class Web:
    """A call by which a web application is put together, or driven in a test; `role` says how.

    "application" and "router" make what routes hang on. "join" joins a router (`argument`) to its receiver,
    "joins" its receiver, or the router it makes, to an application or router (`argument`).
    "route" puts the function or class it decorates, or `function`, at a path (`argument`), "startup" has a function
    (`function`, or the one it decorates) run when the application (`argument`, or its receiver) starts.
    "injection" marks an argument that the framework fills by calling `argument`.
    "client" drives the application `argument`, or that of a "transport" (`transport`), in the process of the
    test; "lifespan" starts and stops one. `prefix`, `dependencies` and `lifespan` are the arguments that a
    joined router and an application are given, `routes` the list of handlers, classes of handlers and routers that
    it is made with (its `dependencies` are then a dict, and asked for by name). `starts` says that `with` runs
    the start-up code.
    `target` and `parts` tell where the store is that "startup" points the library to.
    """

    call: tuple[str, ...]
    role: str = field(metadata={"one of": ROLES})
    argument: Argument = ()
    function: Argument = ()
    transport: Argument = ()
    prefix: Argument = ()
    dependencies: Argument = ()
    routes: Argument = ()
    lifespan: Argument = ()
    starts: bool = False
    target: Argument = ()
    parts: dict[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A call that changes the state of the process: `state` says which.

    "environment" and "modules" take the variable or module as `key` (without one, all of them), "folder" is
    the working directory, "setting" one of the interpreter or a library, named by `part`. "attribute" and
    "item" belong to `target`, an argument that is the object itself or its dotted name: the attribute or item
    is the argument `key`, or the fixed `part`; without either it is all of the object, or what the dotted name
    says. Without a `target`, `part` is the dotted name of the object. `ends` tells what puts it back: nothing,
    the end of the `with` block or decorated function ("block"), the end of the "test". `fixtures` put back all
    of the state at the end of a test. `modules` are runners', which give all tests that import them a state (a folder)
    of their own. `variables` are those that suites set for the whole run on purpose: dummy
    credentials, output without a screen.
    """

    state: str = field(metadata={"one of": STATES})
    call: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    target: Argument = ()
    key: Argument = ()
    part: str = ""
    ends: str = field(default="", metadata={"one of": ENDS})
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contextual:
    """Objects (`name`), and calls that make objects, whose state is that of a request, context or thread."""

    name: tuple[str, ...] = ()
    call: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """A call that listens at a port of the machine.

    `port` is the number, `address` a pair of host and port, or a text that ends in the port. `command` marks a call
    that starts a program, whose words (`address`) may name a server and its port.
    """

    call: tuple[str, ...]
    port: Argument = ()
    address: Argument = ()
    command: bool = False


@dataclass(frozen=True, slots=True)
class FileWriter:
    """A call that makes or writes the file or folder at `path` ("self" for a method of a path).

    With a `mode`, it does so only in a mode that writes; with `tolerates`, not where that argument is true.
    """

    call: tuple[str, ...]
    path: Argument
    mode: Argument = ()
    tolerates: Argument = ()
