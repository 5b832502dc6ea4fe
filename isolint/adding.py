"""Suppression comments put into the files: `isolint check --add-ignore`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from isolint import documents, files, source, suppress
from isolint.finding import Finding, Span
from isolint.late import dataclass
from isolint.source import Source, UnreadableError

# In other configuration files some readers take a comment behind a value for a part of it.
_TAKE_COMMENTS_INLINE = (".toml", ".yaml", ".yml")
_NEVER = frozenset({"ISO000", "ISO001", "ISO002"})


class ReasonError(ValueError):
    """A reason that cannot stand in a comment."""


@dataclass(frozen=True, slots=True)
class Added:
    """How many findings were silenced, in which files, and which were not, each with the reason."""

    count: int
    paths: tuple[str, ...]
    left: tuple[tuple[Finding, str], ...]


def add(findings: Sequence[Finding], root: Path, known: Mapping[str, str], reason: str = "") -> Added:
    """Put a comment to each finding, or into the one that is there; no other byte of the files changes.

    `known` maps the code of every rule to its name. Raises ReasonError for a reason of several lines.
    """
    if not reason.isprintable():
        raise ReasonError("the reason has to be one line of text")
    count, paths, left = 0, [], []
    for path, group in groupby(findings, key=lambda finding: finding.path):
        found = list(group)
        wanted = [finding for finding in found if finding.code not in _NEVER]
        left += [(finding, "no comment mends it") for finding in found if finding.code in _NEVER]
        try:
            text, failed = _file(source.read(root / path, path), wanted, known, reason.strip())
        except UnreadableError as error:
            left += [(finding, str(error)) for finding in wanted]
            continue
        if len(failed) < len(wanted):
            try:
                files.replace(root / path, text.text.encode(text.encoding))
            except (OSError, UnicodeEncodeError) as error:
                left += [(finding, f"the file could not be written: {error}") for finding in wanted]
                continue
            count += len(wanted) - len(failed)
            paths.append(path)
        left += [(finding, "there is no place for a comment") for finding in failed]
    return Added(count, tuple(paths), tuple(left))


def _file(
    text: Source, findings: Sequence[Finding], known: Mapping[str, str], reason: str
) -> tuple[Source, list[Finding]]:
    """The file with a comment for each finding, and the findings that none can be put to."""
    failed = []
    meaning = _meaning(text)
    for finding in sorted(findings, key=lambda each: each.sort_key, reverse=True):
        if _silencing(text, finding, known):
            continue
        for lines, shift in _candidates(text, finding, reason):
            changed = source.from_text("".join(lines), text.path, text.encoding)
            moved = (finding.lines[0] + shift, finding.lines[1] + shift)
            span = finding.location.span
            there = Span(span.line + shift, span.column, span.end_line + shift, span.end_column)
            placed = replace(finding, lines=moved, location=replace(finding.location, span=there))
            if meaning is not None and _silencing(changed, placed, known) and _meaning(changed) == meaning:
                text = changed
                break
        else:
            failed.append(finding)
    return text, failed


def _candidates(text: Source, finding: Finding, reason: str) -> Iterator[tuple[list[str], int]]:
    """The lines of the file with a comment in one place or another, and how far that moves the finding."""
    first, last = _statement(finding)
    for comment in _suppressions(text).comments:
        own = comment.reach is suppress.Reach.STATEMENT
        if own and (first <= comment.span.line <= last or comment.next_line == first):
            yield _extended(text, comment, finding, reason), 0
    written = _written((finding.name,), reason)
    if not documents.kind_of(text.path) or text.path.endswith(_TAKE_COMMENTS_INLINE):
        body, end = _parted(text.lines[last - 1])
        yield [*text.lines[: last - 1], f"{body}  {written}{end}", *text.lines[last:]], 0
    body, end = _parted(text.lines[first - 1])
    indent = body[: len(body) - len(body.lstrip())]
    yield [*text.lines[: first - 1], f"{indent}{written}{end or chr(10)}", *text.lines[first - 1 :]], 1


def _extended(text: Source, comment: suppress.Suppression, finding: Finding, reason: str) -> list[str]:
    lines, span = list(text.lines), comment.span
    line = lines[span.line - 1]
    written = _written((*comment.words, finding.name), comment.reason or reason)
    lines[span.line - 1] = line[: span.column - 1] + written + line[span.end_column - 1 :]
    return lines


def _written(words: Sequence[str], reason: str) -> str:
    return f"# isolint: ignore[{', '.join(words)}]" + (f" -- {reason}" if reason else "")


def _parted(line: str) -> tuple[str, str]:
    body = line.rstrip("\r\n")
    return body, line[len(body) :]


def _statement(finding: Finding) -> tuple[int, int]:
    span = finding.location.span
    return finding.lines if any(finding.lines) else (span.line, span.end_line)


def _suppressions(text: Source) -> suppress.Suppressions:
    is_document = bool(documents.kind_of(text.path))
    return suppress.parse(documents.comments(text) if is_document else source.comments(text), text.lines)


def _silencing(text: Source, finding: Finding, known: Mapping[str, str]) -> bool:
    """Whether a comment in the file silences the finding."""
    return not suppress.apply([finding], _suppressions(text), known).kept


def _meaning(text: Source) -> object:
    """What the file says but for its comments; None once that cannot be told."""
    try:
        if not documents.kind_of(text.path):
            return ast.dump(source.parse(text))
        if text.path.endswith(".json"):  # no comments there, though YAML's reader would take them
            return None
        return sorted(documents.read(text).texts())
    except UnreadableError:
        return None
