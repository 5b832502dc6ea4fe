"""The shape of API knowledge: the entries that a vocabulary file, or `[tool.isolint.vocabulary]`, may hold.

Every entry names calls by their fully qualified name: a function (`sqlalchemy.create_engine`), a class
(calling it makes an instance) or a method (`sqlalchemy.MetaData.drop_all`), in every public spelling, since
re-exports of installed libraries are not followed. An *argument* is given as the list of ways to pass it:
positions from 0 (the receiver is not counted) and keyword names, e.g. `[0, "url"]`; the word `"self"` stands
for the receiver of a method, and no way at all, `[]`, says that nothing in the call tells.
In TOML keys are written with hyphens, and a list of one may be written without its brackets.

The annotations and `metadata` of the fields are what the loader reads the entries by.
"""

from __future__ import annotations

from dataclasses import field

from isolint.late import dataclass

Argument = tuple[int | str, ...]

STORES = (
    "engine",
    "connection",
    "transaction",
    "session",
    "session factory",
    "client",
    "database",
    "collection",
    "cursor",
    "extension",
    "container",
    "schema editor",
)
KINDS = (*STORES, "metadata", "orm", "dialect", "statement", "url", "configuration", "patcher")
LEVELS = ("", "memory", "disposable", "test_shaped", "unknown", "production")
HOWS = ("memory", "disposable", "rollback", "mock", "patch", "test database")
SCOPES = ("run", "worker", "testrun", "process")
METHODS = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Type:
    """A library type whose instances reach a store (its `kind` is one of STORES), or stand on the way to one.

    `aliases` are its other public names, and subclasses that need no telling apart; `bases` are the types
    whose methods it shares, by inheritance or by offering the same ones.
    `gives` maps a method or attribute to the type of its result, which reaches the same store;
    the key "()" stands for calling the instance, "with" for what `with instance as x` binds when that is not
    the instance itself, "[]" for a subscript, "*" for any other attribute, "for" for iterating over it.
    `selects` names the methods (or "[]", "*") whose result lies in another database of the same server,
    and the argument with its name (for "[]" and "*" the subscript or attribute itself).
    What holds for a base holds for the type.
    """

    name: str
    kind: str = field(metadata={"one of": KINDS})
    aliases: tuple[str, ...] = ()
    bases: tuple[str, ...] = field(default=(), metadata={"types": True})
    gives: dict[str, str] = field(default_factory=dict, metadata={"types": True})
    selects: dict[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Handle:
    """A call that makes a handle of `type`.

    Where it leads is one of: `target`, an argument with a URL, path, DSN or bare host; `parts`, arguments
    that hold host, port, database (or `options`, a dict of them) each on its own; `bind`, an argument that is
    itself a handle; `settings`, keys of the application's configuration; `level`, a point of the lattice in
    lower case. `default` is the target that is reached when none of the arguments is given: a URL, "memory",
    or "unbound" for a factory that reaches nothing until it is bound; a method without it reaches what its
    receiver does. `rebinds` says that the method makes no handle but points its receiver there. A store in memory
    that is not told to share one may belong to a single thread or connection: `memory_of`; the arguments `shares`
    tell it to.
    """

    call: tuple[str, ...]
    type: str = field(metadata={"types": True})
    target: Argument = ()
    parts: dict[str, Argument] = field(default_factory=dict)
    bind: Argument = ()
    settings: tuple[str, ...] = ()
    level: str = field(default="", metadata={"one of": LEVELS})
    default: str = ""
    rebinds: bool = False
    memory_of: str = field(default="", metadata={"one of": ("", "thread", "connection")})
    shares: tuple[str, ...] = ()
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A handle nobody has to make: a library's module-level object (`name`), or what `fixtures` yield."""

    type: str = field(metadata={"types": True})
    name: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    level: str = field(default="", metadata={"one of": LEVELS})


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when the argument is the literal `equals`, or, with `starts-with`, a string that begins so."""

    argument: Argument
    equals: object = None
    starts_with: str = ""


@dataclass(frozen=True, slots=True)
class Destroyer:
    """A call that destroys what tests share: `resource` says what, in the words of the finding.

    `handle` is the argument that reaches the store ("self" by default; `[]` for a statement, which reaches
    what executes it), `name` the argument with the name of the single thing destroyed, where there is one.
    `by_name` says that the method's bare name is telling enough when the receiver's type is unknown.
    `rows` says that only what it holds is deleted, the table or collection stays.
    `when` narrows the call to certain arguments.
    """

    call: tuple[str, ...]
    resource: str
    handle: Argument = ("self",)
    name: Argument = ()
    rows: bool = False
    by_name: bool = False
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Creator:
    """A call that creates something outside the process, and the calls that undo it.

    `name` is the argument with the resource's name; `freed_by_parent` says that dropping the database,
    schema or server frees it too; `undo` names functions and methods in full (a method of the creator's own
    type is called on the same receiver), or methods of the result with a leading dot, ".stop"; `managed` says
    that `with` undoes it. `shared` is false for what lives in this process or machine only (a temporary file,
    a patch). `started` tells that nothing is made, but something set going in this process, which is stopped
    rather than removed: a patch, a stopped clock; a call that ends in ".[]" is an assignment to a subscript.
    """

    call: tuple[str, ...]
    resource: str
    undo: tuple[str, ...]
    name: Argument = ()
    handle: Argument = ("self",)
    freed_by_parent: bool = False
    managed: bool = False
    shared: bool = True
    started: bool = False
    by_name: bool = False
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """A call that makes a handle with a pool, whose connections stay open until one of the methods `closed` is called.

    `chosen` is the argument by which a project decides itself what is kept open. `size` and `extra` are arguments
    with the number of connections that are kept, and of those that may come on top; `kept` and `on-top` these numbers
    where nothing is given.
    """

    call: tuple[str, ...]
    closed: tuple[str, ...]
    chosen: Argument = ()
    size: Argument = ()
    extra: Argument = ()
    kept: int = 0
    on_top: int = 0


@dataclass(frozen=True, slots=True)
class Commit:
    """A call after which what was written outlives the transaction."""

    call: tuple[str, ...]
    handle: Argument = ("self",)


@dataclass(frozen=True, slots=True)
class Writer:
    """A call that writes rows: `row` is the argument with the object written, or a list of them.

    Without a `row`, the keyword arguments of the call are the columns. `pending` says that nothing is kept before a
    commit. A model's own method reaches the store of its class; its `handle` is `[]`.
    """

    call: tuple[str, ...]
    row: Argument = ()
    handle: Argument = ("self",)
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """A call that sends a request to a server: its `method`, and the arguments with the address and the content."""

    call: tuple[str, ...]
    method: str = field(metadata={"one of": METHODS})
    address: Argument = (0, "url")
    content: Argument = ("json", "data")


@dataclass(frozen=True, slots=True)
class Isolation:
    """Something that keeps a test's writes from outliving it.

    `fixtures` are pytest fixtures, `bases` test case classes, `marks` pytest marks; `call` functions,
    methods, decorators or context managers, narrowed by `when` to certain arguments. `how` "mock" puts
    something in the place of a whole service, "patch" in the place of whatever it is told.
    """

    how: str = field(metadata={"one of": HOWS})
    call: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Quoter:
    """A call whose result is a safely quoted SQL identifier (or statement built from quoted ones)."""

    call: tuple[str, ...]
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Executor:
    """A call that sends SQL (or Cypher, CQL) to a server: `statement` is the argument that holds it."""

    call: tuple[str, ...]
    statement: Argument
    handle: Argument = ("self",)
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A call that wraps SQL text without changing it, like `sqlalchemy.text`: `argument` holds the text."""

    call: tuple[str, ...]
    argument: Argument


@dataclass(frozen=True, slots=True)
class Callback:
    """A call that calls the function it is given, now or later: `function`.

    `passes` "self" hands the receiver's store on as the first argument, as a handle of `type` (by default the
    receiver's own).
    """

    call: tuple[str, ...]
    function: Argument
    passes: str = field(default="", metadata={"one of": ("", "self")})
    type: str = field(default="", metadata={"types": True})
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """A call (or subscript, `os.environ.[]`) that reads configuration: the variable and its fallback.

    Calling an instance is written `environ.Env.__call__`. A call without a `variable` may read any. `implied` is
    the variable that is read when none is given. `bases` are classes whose fields are variables of the same name,
    `variables` those that a library or the system reads of its own accord, whenever it needs them; they may hold
    `*`.
    """

    call: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    variable: Argument = ()
    default: Argument = ()
    implied: str = ""


@dataclass(frozen=True, slots=True)
class Initializer:
    """A call that reads an application's configuration once and for good: what is set later, it ignores.

    `app` is the argument with the application; `settings` are the keys it reads, of which the first that is set
    tells where its store lies; a key may end in `*`. Releases of the `distribution` before the major version
    `since` read them when they are first needed. `memory` are values that keep everything in the process.
    """

    call: tuple[str, ...]
    app: Argument
    settings: tuple[str, ...]
    memory: tuple[str, ...] = ()
    distribution: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A call that sets an application's settings for a while, by keyword: those that are `fixed` it cannot change.

    `objects` are the settings themselves, `fixtures` the pytest fixtures that stand for them; `setup` are the
    beginnings of the names of fixtures that run before the settings are read.
    """

    call: tuple[str, ...]
    fixed: tuple[str, ...]
    objects: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unique:
    """A source of unique names: a call, an attribute or a fixture.

    `scope` is "run" (unique everywhere), "worker" (among the workers of one run, the same in the next),
    "testrun" (among runs, shared by the workers of one), or "process" (nothing beyond this process).
    """

    scope: str = field(metadata={"one of": SCOPES})
    call: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()  # environment variables


@dataclass(frozen=True, slots=True)
class Replacement:
    """What tests use in the place of the application's own: `"shop.db.Session" = "tests.database.Session"`.

    Both are names at the top of a module, written in full as tests import them. The fix of `production-session-import`
    takes the second for the first.
    """

    name: str
    by: str


@dataclass(frozen=True, slots=True)
class Fake:
    """A class `by` whose instances, in memory, stand in for what `call` makes, from the package `distribution`.

    `keeps` are the keyword arguments that it takes as well.
    """

    call: tuple[str, ...]
    by: str
    distribution: str
    keeps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """What tells of an instance of `type` whether its database is a test's: `asks`, an attribute or call of its own.

    For tests it is `equals`, else it has the word "test" in it. A check that reads an attribute called `word` is a
    guard; `beyond` are methods that reach more than the database.
    """

    type: str = field(metadata={"types": True})
    asks: str
    beyond: tuple[str, ...] = ()
    equals: int = 0
    word: str = ""
