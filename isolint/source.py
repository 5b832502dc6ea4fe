"""Stand-in until the real one lands."""
from __future__ import annotations
import ast, warnings
from dataclasses import dataclass
from pathlib import Path
from isolint.finding import Span

class UnreadableError(Exception):
    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message); self.line = line

@dataclass(frozen=True)
class Source:
    path: str
    text: str
    @property
    def lines(self):
        return tuple(self.text.split("\n"))

def read(path: Path, name: str) -> Source:
    try:
        return Source(name, path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as e:
        raise UnreadableError(str(e)) from e

def parse(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError) as e:
        raise UnreadableError(str(e), getattr(e, "lineno", 1) or 1) from e

def run_deep(f):
    return f()

def comments(source):
    import io, tokenize
    try:
        for t in tokenize.generate_tokens(io.StringIO(source.text).readline):
            if t.type == tokenize.COMMENT:
                yield t.start[0], t.start[1] + 1, t.string
    except (tokenize.TokenError, IndentationError):
        return

def columns(source, at):
    return Span(at[0], at[1] + 1, at[2], at[3] + 1)
