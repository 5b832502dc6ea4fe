"""Where the code goes that undoes something: behind a fixture's `yield`, in a `finally`, in a clean-up of unittest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from isolint.edits import Edits
from isolint.edits.places import AnyFunction, Spot, first_line, last_line, position
from isolint.ends.writing import Undone
from isolint.late import dataclass

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class End(Undone):
    """The end of what a call makes or starts, where the code leaves it."""

    def in_fixture(self) -> Edits | None:
        """Behind the `yield`, which takes the place of a `return` at the end or is added there."""
        if self.function is None or self.spot is None or _has_unused_function(self.function):
            return None
        yields = [n for n in _own(self.function) if isinstance(n, ast.Yield | ast.YieldFrom)]
        returns = [n for n in _own(self.function) if isinstance(n, ast.Return)]
        if len(yields) + len(returns) > 1:
            return None
        nodes: list[ast.expr | ast.stmt] = [*yields, *returns, self.function.body[-1]]
        at = position(nodes[0]) if yields or returns else position(nodes[0])[2:] * 2
        end = self.file.statement(position(nodes[0])) if yields or returns else self._last
        if end is None or end.last_line < self.at[0]:
            return None
        anchor = self._anchor(end)
        if anchor is None or (returns and not _is_last(end, self.function)):
            return None
        written = self._written(anchor)
        if written is None:
            return None
        code, imports = written
        if yields:
            return self._and(self.file.insert_after(position(anchor.statement)[:2] * 2, code), imports)
        annotated = self._annotated()
        if annotated is None:
            return None
        if not returns:
            added = self.file.insert_after(at, f"yield\n{code}")
            return self._and(added, (*annotated, *imports))
        value = returns[0].value
        given = f"yield {self.file.code(value)}" if value is not None else "yield"
        if anchor.statement is end.statement:
            return self._and(
                self.file.replace_statement(position(returns[0]), f"{given}\n{code}"), (*annotated, *imports)
            )
        behind = self.file.insert_after(position(anchor.statement)[:2] * 2, code)
        return self._and(behind, (self.file.replace(position(returns[0]), given), *annotated, *imports))

    def _and(self, edits: Edits | None, others: Edits) -> Edits | None:
        return None if edits is None else (*edits, *others)

    @property
    def _last(self) -> Spot | None:
        """The last statement of the function itself."""
        if self.function is None:
            return None
        last = self.function.body[-1]
        around = [n for n in ast.walk(self.file.tree) if isinstance(n, AnyFunction) and n is self.function]
        return Spot(last, self.function.body, tuple(around))

    def _written(self, anchor: Spot) -> tuple[str, Edits] | None:
        """The clean-up as it is to stand behind a statement, and its imports."""
        code = self.code()
        inner = self._within(anchor, code[0]) if code is not None else None
        logged = self._logged(inner) if inner is not None else None
        if code is None or logged is None:
            return None
        return logged[0], (*code[1], *logged[1])

    def _anchor(self, end: Spot) -> Spot | None:
        """The statement to clean up behind: out of what was entered, and behind the end of what was made later."""
        if self.spot is None:
            return None
        around = [n for n in end.around if not isinstance(n, _SCOPES) and n not in self.spot.around]
        if not all(isinstance(n, ast.With | ast.AsyncWith | ast.Try) for n in around):
            return None
        if around and not isinstance(around[0], ast.Try):
            outermost = self.file.statement(position(around[0])[:2] * 2)
            if outermost is None:
                return None
            end = outermost
        elif any(isinstance(n, ast.With | ast.AsyncWith) for n in around):
            return None
        later = self._bound_since(end)
        behind = end.block[end.block.index(end.statement) + 1 :]
        used = [n for n in behind if any(isinstance(i, ast.Name) and i.id in later for i in ast.walk(n))]
        return Spot(used[-1], end.block, end.around) if used else end

    def _bound_since(self, end: Spot) -> set[str]:
        """The names that are bound between the call and the end."""
        nodes = ast.walk(self.function) if self.function is not None else iter(())
        lines = range(self.at[2] + 1, end.last_line)
        return {
            n.id
            for n in nodes
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno in lines
        }

    def in_finally(self) -> Edits | None:
        """In the `finally` of a `try` around all that follows in the block."""
        if self.spot is None:
            return None
        end = self.spot
        for each in reversed(self.spot.around):
            if end.block[-1] is not end.statement or not isinstance(each, ast.With | ast.AsyncWith):
                break
            found = self.file.statement(position(each)[:2] * 2)
            if found is None:
                return None
            end = found
        rest = end.block[end.block.index(end.statement) + 1 :]
        written = self._written(end)
        if (
            not rest
            or written is None
            or any(isinstance(n, ast.Return) for each in rest for n in ast.walk(each))
        ):
            return None
        moved = self.file.wrap_in_try(position(rest[0]), position(rest[-1]), written[0])
        return self._and(moved, written[1])

    def placed(self, role: str) -> Edits | None:
        """Where it goes in a function of this role; see `Requesters.role`."""
        if role.startswith(("self.", "cls.")):
            return self._as_cleanup(role)
        if role == "fixture":
            return self.in_fixture()
        if role == "test":
            return self.in_finally()
        return self._in_tear_down() if role == "set up" else None

    def _as_cleanup(self, add: str) -> Edits | None:
        """`self.addCleanup(function, argument)` behind the statement."""
        if self._is_closed_before:
            return None
        if self.undo.shared and (logged := self._as_logged_cleanup(add)) is not None:
            return logged
        callee = self.callee
        if callee is None or self._is_awaited:
            return None
        statement = f"{add}({', '.join((callee[0], *callee[1]))})"
        if self._waits:
            statement = f"{add}({callee[0].rpartition('.')[0]}.{self._waits})\n{statement}"
        return self._and(self.file.insert_after(self.at[:2] * 2, statement), callee[2])

    def _as_logged_cleanup(self, add: str) -> Edits | None:
        """A function that removes it, and tells in the log if it cannot, registered behind the statement."""
        if self.function is None or not self._is_known_later:
            return None
        written, name = self._written_anew, f"remove_{self._word}"
        if written is None or any(getattr(node, "id", "") == name for node in ast.walk(self.function)):
            return None
        word = ""
        if re.search(r"^\s*(?:await|async with) ", written[0], re.MULTILINE):
            is_known = isinstance(self.function, ast.AsyncFunctionDef) and add.endswith(".addCleanup")
            if not is_known:
                return None
            word, add = "async ", add.replace(".addCleanup", ".addAsyncCleanup")
        given = self._given(written[0])
        if given is None:
            return None
        body = written[0].replace("\n", "\n    ")
        code = f"\n{word}def {name}({', '.join(given)}):\n    {body}\n\n{add}({', '.join((name, *given))})"
        return self._and(self.file.insert_after(self.at[:2] * 2, code), written[1])

    @property
    def _outside(self) -> tuple[ast.stmt, ...]:
        """What is around the function, itself included."""
        around = self.spot.around if self.spot is not None else ()
        index = next((i for i, node in enumerate(around) if node is self.function), -1)
        return around[: index + 1]

    @property
    def _written_anew(self) -> tuple[str, Edits] | None:
        """The clean-up within the `with` blocks of the function around the statement, whatever else is around it."""
        code = self.code()
        for each in reversed(self._inside):
            code = code and (self._opened(each, code[0]), code[1])
        logged = self._logged(code[0]) if code is not None else None
        return None if code is None or logged is None else (logged[0], (*code[1], *logged[1]))

    @property
    def _inside(self) -> tuple[ast.stmt, ...]:
        """What is around the statement in its function."""
        return self.spot.around[len(self._outside) :] if self.spot is not None else ()

    def _given(self, code: str) -> list[str] | None:
        """The names that a loop around the statement binds anew; None where it sets attributes that are used."""
        loops = [node for node in self._inside if isinstance(node, ast.For | ast.AsyncFor | ast.While)]
        bound = [
            n for each in loops for n in ast.walk(each) if isinstance(getattr(n, "ctx", None), ast.Store)
        ]
        used = {ast.unparse(n) for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name | ast.Attribute)}
        again = {ast.unparse(node) for node in bound} & used
        return sorted(again) if all(name.isidentifier() for name in again) else None

    @property
    def _is_known_later(self) -> bool:
        """Whether what executes a statement is still open when the test is over: of the object, or opened again."""
        if self.undo.kind not in ("statement", "construct"):
            return True
        is_within = any(isinstance(node, ast.With | ast.AsyncWith) for node in self._inside)
        is_kept = self.call is not None and self.file.code(self.call).startswith(("self.", "cls."))
        return is_within or is_kept

    @property
    def _is_closed_before(self) -> bool:
        """Whether the function itself closes what the clean-up would go through."""
        opened = self._written_anew
        if opened is None or self.function is None:
            return False
        names = {n.id for n in ast.walk(ast.parse(opened[0])) if isinstance(n, ast.Name)}
        closing = re.compile(
            rf"\b(?:{'|'.join(map(re.escape, names)) or '-'})\.(?:close|dispose|disconnect)\("
        )
        return closing.search(self.file.code(self.function)) is not None

    @property
    def _word(self) -> str:
        """A word for what is removed: the name that the code has for it, else what it is."""
        name = self.file.node(self.undo.name.at) if self.undo.name is not None else None
        known = getattr(name, "attr", None) or getattr(name, "id", None) or ""
        resource = self.undo.resource.replace(" ", "_")
        is_plain = not known or known in ("name", resource, f"{resource}_name")
        return resource if is_plain else str(known).strip("_").lower()

    def _in_tear_down(self) -> Edits | None:
        """In the method that takes down what `setup_method` sets up, which is added where there is none."""
        found = self.file.statement(position(self.function)[:2] * 2) if self.function is not None else None
        written = self._written(self.spot) if self.spot is not None else None
        if found is None or written is None or self.function is None or self.spot is None:
            return None
        if self.spot.block is not self.function.body or not self._is_known_to_all(written[0]):
            return None
        name = self.function.name.replace("setup", "teardown")
        there = next((n for n in found.block if isinstance(n, AnyFunction) and n.name == name), None)
        if there is not None:
            last = position(there.body[-1])
            return self._and(self.file.insert_after(last[2:3] + last[3:] + last[2:], written[0]), written[1])
        decorated = "".join(f"@{self.file.code(each)}\n" for each in self.function.decorator_list)
        body = written[0].replace("\n", "\n    ")
        code = f"{decorated}def {name}({self.function.args.args[0].arg}):\n    {body}"
        indentation = self.file.text.indentation(self.function.lineno)
        line = last_line(self.function)
        stepped = self.file.stepped(code)
        return (self.file.text.lines_after(line, f"\n{stepped}", indentation), *written[1])

    def _is_known_to_all(self, code: str) -> bool:
        """Whether code names only what the class, the object or the module has."""
        if self.function is None or not self.function.args.args:
            return False
        inside = {
            n.id for n in ast.walk(self.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        own = {argument.arg for argument in self.function.args.args[1:]}
        return not (inside | own) & {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)}

    def with_handle(self, name: str) -> Edits | None:
        """The receiver of the call bound to a name of its own, before the statement."""
        if self.call is None or self.spot is None or not isinstance(self.call.func, ast.Attribute):
            return None
        owner = position(self.call.func.value)
        indentation = self.file.text.indentation(self.spot.first_line)
        first, *rest = self.file.code(owner).split("\n")
        code = "\n".join([first, *(line.removeprefix(indentation) for line in rest)])
        before = self.file.insert_before(self.at[:2] * 2, f"{name} = {code}")
        return self._and(before, (self.file.replace(owner, name),))

    def _within(self, end: Spot, code: str) -> str | None:
        """The code within the `with` blocks that are closed again where the end is."""
        if self.spot is None:
            return None
        still = end.around
        for each in reversed(self.spot.around):
            if isinstance(each, _SCOPES) or any(each is other for other in still):
                continue
            if not isinstance(each, ast.With | ast.AsyncWith):
                return None
            code = self._opened(each, code)
        return code

    def _opened(self, block: ast.stmt, code: str) -> str:
        """The code in a `with` block that begins like another."""
        if not isinstance(block, ast.With | ast.AsyncWith):
            return code
        items = []
        for item in block.items:
            name = f" as {self.file.code(item.optional_vars)}" if item.optional_vars is not None else ""
            items.append(f"{self.file.code(item.context_expr)}{name}")
        word = "async with" if isinstance(block, ast.AsyncWith) else "with"
        lines = "\n".join(f"    {line}" for line in code.split("\n"))
        return f"{word} {', '.join(items)}:\n{lines}"

    def _annotated(self) -> Edits | None:
        """What becomes of the annotation of a function that becomes a generator."""
        note = self.function.returns if self.function is not None else None
        if note is None:
            return ()
        written = self.file.code(note)
        if written.startswith(("Iterator", "Generator", "AsyncIterator", "AsyncGenerator", "'", '"')):
            return None
        name = "AsyncIterator" if isinstance(self.function, ast.AsyncFunctionDef) else "Iterator"
        imports = self.file.add_import(f"from collections.abc import {name}")
        if any(
            isinstance(n, ast.ImportFrom) and n.module == "typing" and any(a.name == name for a in n.names)
            for n in self.file.tree.body
        ):
            imports = ()
        return (
            None if imports is None else (self.file.replace(position(note), f"{name}[{written}]"), *imports)
        )


def _own(function: AnyFunction) -> Iterator[ast.AST]:
    """What lies in a function and in none below it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, _SCOPES):
            pending = [*ast.iter_child_nodes(node), *pending]


def _is_last(found: Spot, function: AnyFunction) -> bool:
    """Whether a statement is the last of its function, at the end of nothing but `with` blocks."""
    end = last_line(found.statement)
    around = [node for node in found.around if first_line(node) > function.lineno]
    return end == last_line(function) and all(isinstance(n, ast.With | ast.AsyncWith) for n in around)


def _has_unused_function(function: AnyFunction) -> bool:
    """Whether a function inside is called by nobody: it may be the clean-up that was forgotten."""
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    inner = (node for node in _own(function) if isinstance(node, AnyFunction))
    return any(node.name not in used and not node.decorator_list for node in inner)
