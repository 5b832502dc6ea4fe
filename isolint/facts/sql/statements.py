"""SQL as far as isolint reads it: what a statement destroys or creates, and where its holes are.

Statements are split into tokens by sqlparse's lexer, imported when the first statement is looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from isolint.late import dataclass, regex

HOLE = "\ufffc"
_OBJECTS = frozenset(
    "database schema table role user view index extension sequence type function tablespace keyspace domain "
    "trigger publication subscription server policy procedure aggregate collation".split()
)
_CREATE_WORDS = frozenset(
    "or replace temp temporary unlogged global local unique materialized if not exists concurrently external "
    "foreign virtual recursive".split()
)
_RELATED = frozenset({"table", "schema", "database", "index", "trigger", "role"})
_GRANTED = frozenset({"schema", "database", "table", "in", "all", "tables", ","})
_EVERY_NODE = regex(r"match\s*\(\s*\w*\s*(?::\s*(?P<label>\w+)\s*)?\)", re.I)
STORES = frozenset({"database", "schema", "table", "keyspace", "role", "user"})
_QUOTES = ('"', "`", "[")
_PLACEHOLDER = regex(r"(?:%s|%\(\w+\)s|\?\d*|:[A-Za-z_]\w*|\$\d+)\Z")
# MySQL takes users as texts, SET takes some names as texts: elsewhere a bound name cannot be one.
_NEVER_BOUND = _OBJECTS - {"role", "user", "server"}


@dataclass(frozen=True, slots=True)
class Action:
    """What one statement does to one object: `verb` is "create", "drop", "truncate", "delete", "set" or "use"..."""

    verb: str
    object: str
    name: str
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A word, mark or quoted text of a statement, and its offset."""

    text: str
    start: int
    quoted: bool

    @property
    def word(self) -> str:
        return self.text.lower()


@lru_cache(maxsize=4096)
def tokenize(statement: str) -> tuple[Token, ...]:
    """The tokens of SQL text, comments and white space left out; `HOLE` characters count as letters."""
    from sqlparse import tokens as kinds
    from sqlparse.lexer import Lexer

    found: list[Token] = []
    start = 0
    lexer: Any = Lexer
    for kind, text in lexer.get_default_instance().get_tokens(statement.replace(HOLE, "zqhole")):
        original = text.replace("zqhole", HOLE)
        if kind not in kinds.Comment and kind not in kinds.Whitespace and text.strip():
            quoted = text[:1] in '"`[' or kind in kinds.Literal.String
            found += _words(original, start) if not quoted else [Token(original, start, True)]
        start += len(original)
    return tuple(found)


def _words(text: str, start: int) -> list[Token]:
    """Keywords of several words ("CREATE OR REPLACE", "IF NOT EXISTS") one by one."""
    found = []
    at = 0
    for word in text.split():
        at = text.index(word, at)
        found.append(Token(word, start + at, False))
        at += len(word)
    return found


def statements(text: str) -> list[tuple[Token, ...]]:
    """The statements of SQL text, as tokens without their semicolons."""
    found: list[tuple[Token, ...]] = []
    current: list[Token] = []
    for token in tokenize(text):
        if token.text == ";":
            found.append(tuple(current))
            current = []
        else:
            current.append(token)
    found.append(tuple(current))
    return [tokens for tokens in found if tokens]


def actions(text: str) -> list[Action]:
    """What SQL text creates and destroys, in order."""
    if not _interesting(text):
        return []
    return [action for tokens in statements(text) if (action := _action(tokens)) is not None]


def _interesting(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in ("create", "drop", "truncate", "delete", "detach"))


def _action(tokens: tuple[Token, ...]) -> Action | None:
    words = [token.word for token in tokens]
    verb = words[0]
    if verb in ("create", "drop"):
        return _defined(verb, tokens, words)
    if verb == "truncate":
        rest = [t for t in tokens[1:] if t.word not in ("table", "only")]
        return Action("truncate", "table", _named(rest))
    if verb == "delete" and "from" in words[:2] and "where" not in words:
        return Action("delete", "row", _named(list(tokens[2:])))
    if verb == "match" and "delete" in words and "where" not in words:
        nodes = _EVERY_NODE.match(" ".join(token.text for token in tokens))
        return None if nodes is None else Action("delete", "node", nodes["label"] or "")
    return None


def _defined(verb: str, tokens: tuple[Token, ...], words: list[str]) -> Action | None:
    for position, word in enumerate(words[1:], start=1):
        if word in _OBJECTS:
            rest = [t for t in tokens[position + 1 :] if t.word not in _CREATE_WORDS]
            temporary = bool({"temp", "temporary"} & set(words[1:position]))
            name = _named(rest)
            return Action(verb, word, HOLE if _PLACEHOLDER.match(name) else name, temporary)
        if word not in _CREATE_WORDS:
            return None
    return None


def _named(rest: list[Token]) -> str:
    """The name that stands first, put together from adjacent tokens, without quotes."""
    name, end = "", -1
    for token in rest:
        if (name and token.start != end) or token.text in ("(", ","):
            break
        name += token.text.strip("\"`[]'") if token.quoted else token.text
        end = token.start + len(token.text)
    return name


def destroys(action: Action) -> bool:
    """Whether an action destroys what tests share: temporary tables and lesser objects do not count."""
    if action.verb in ("truncate", "delete"):
        return True
    return action.verb == "drop" and action.object in STORES


def identifier_holes(text: str) -> list[int]:
    """The offsets of the `HOLE`s of SQL text that stand, unquoted, where a statement names an object."""
    found: list[int] = []
    for tokens in statements(text):
        for token in _names(tokens):
            if not token.quoted:
                found += [token.start + i for i, character in enumerate(token.text) if character == HOLE]
    return found


def quoted_holes(text: str) -> list[int]:
    """The offsets of the `HOLE`s of SQL text that stand between the quotes of an identifier."""
    return [
        token.start + i
        for tokens in statements(text)
        for token in _names(tokens)
        if token.quoted and token.text.startswith(_QUOTES)
        for i, character in enumerate(token.text)
        if character == HOLE
    ]


def bound_names(text: str) -> list[str]:
    """The placeholders of SQL text that stand where a statement names an object, which no database binds."""
    found: list[str] = []
    for tokens in statements(text):
        words = [token.word for token in tokens]
        named = next((word for word in words[1:] if word not in _CREATE_WORDS), "")
        defines = words[0] in ("create", "drop", "alter") and named in _NEVER_BOUND
        if defines or words[0] in ("truncate", "use"):
            found += [token.text for token in _names(tokens) if _PLACEHOLDER.match(token.text)]
    return found


def _names(tokens: tuple[Token, ...]) -> list[Token]:
    """The tokens in the places where a definition, TRUNCATE, SET, USE, COPY or GRANT names objects."""
    words = [token.word for token in tokens]
    match words[0]:
        case "create" | "drop" | "alter":
            return _defined_names(tokens, words)
        case "truncate":
            return _list_after(tokens, 0, {"table", "only", ","})
        case "set":
            return _set_names(tokens, words)
        case "use" | "copy":
            return _list_after(tokens, 0, {"database", "schema"}, most=1)
        case "grant" | "revoke":
            return _granted(tokens, words)
    return []


def _defined_names(tokens: tuple[Token, ...], words: list[str]) -> list[Token]:
    for position, word in enumerate(words[1:], start=1):
        if word in _OBJECTS:
            found = _list_after(tokens, position, {*_CREATE_WORDS, "only", ","})
            after = ("to", "on") if {"rename", "owner"} & set(words) else ("on",)
            for keyword in (k for k in after if word in _RELATED and k in words[position:]):
                found += _list_after(tokens, words.index(keyword, position), {"only"}, most=1)
            return found
        if word not in _CREATE_WORDS:
            return []
    return []


def _set_names(tokens: tuple[Token, ...], words: list[str]) -> list[Token]:
    rest = 2 if words[1:2] in (["local"], ["session"]) else 1
    if words[rest : rest + 1] == ["search_path"]:
        return _list_after(tokens, rest, {"to", "=", ","})
    if words[rest : rest + 1] in (["schema"], ["role"]):
        return _list_after(tokens, rest, {"to", "="}, most=1)
    return []


def _granted(tokens: tuple[Token, ...], words: list[str]) -> list[Token]:
    found: list[Token] = []
    for keyword in ("on", "to", "from"):
        if keyword in words:
            found += _list_after(
                tokens, words.index(keyword), {"schema", "database", "table", "in", "all", "tables", ","}
            )
    return found


def _list_after(
    tokens: tuple[Token, ...], position: int, skipped: set[str] | frozenset[str], most: int = 99
) -> list[Token]:
    """The names that follow `position`, separated by commas and put together from adjacent tokens."""
    found: list[Token] = []
    names = 0
    previous: Token | None = None
    for token in tokens[position + 1 :]:
        if token.word in skipped and token.text != ",":
            previous = None if not found else previous
            if not found:
                continue
        adjacent = previous is not None and previous.start + len(previous.text) == token.start
        if token.text == "," and "," in skipped:
            previous = None
            continue
        if token.text in ("(", ")", ";"):
            break
        if previous is not None and not adjacent:
            break
        names += not adjacent
        if names > most:
            break
        found.append(token)
        previous = token
    return found
