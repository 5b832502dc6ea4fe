"""Comments that silence findings: `# isolint: ignore[...] -- reason`, `ignore-file[...]`, `# noqa: ...`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import Enum

from isolint.finding import Confidence, Finding, Location, Severity, Span
from isolint.late import dataclass, regex
from isolint.spelling import closest


class Reach(Enum):
    """What a suppression silences: a statement, the whole file, or just what is on its line."""

    STATEMENT = "ignore"
    FILE = "ignore-file"
    NOQA = "noqa"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One suppression comment. `words` are the rules as they are written, none standing for all of them.

    `span` is the comment, or its part that is the suppression; `removal` is what to delete to be rid of it,
    with the blanks before it or, if it stands alone, with its line. `next_line` is the line of code that
    follows if the comment stands alone, else 0.
    """

    reach: Reach
    words: tuple[str, ...]
    reason: str
    span: Span
    removal: Span
    next_line: int = 0


@dataclass(frozen=True, slots=True)
class Malformed:
    """A comment that is meant as a suppression but is none, and why."""

    span: Span
    problem: str


@dataclass(frozen=True, slots=True)
class Suppressions:
    """The suppression comments of a file, in order."""

    comments: tuple[Suppression, ...] = ()
    malformed: tuple[Malformed, ...] = ()


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that is silenced, and the comment that does it."""

    finding: Finding
    by: Suppression


@dataclass(frozen=True, slots=True)
class Unused:
    """A suppression that silences nothing.

    `words` are those of its words that are at fault, `message` says what is wrong with them. `edit`, if there
    is one, mends it: the span to replace, and by what.
    """

    span: Span
    words: tuple[str, ...]
    message: str
    edit: tuple[Span, str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The findings of a file after its suppressions."""

    kept: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]
    unused: tuple[Unused, ...]


UNUSED = "ISO001"
UNREASONED = "ISO002"
_UNUSED_NAME = "unused-suppression"
_PART = regex(r"(?<=\s)#(?=[\sA-Za-z])|(?<![`'\"])#(?=\s*noqa\b)", re.IGNORECASE)
_DIRECTIVE = regex(r"#\s*isolint\b\s*(?P<colon>:?)\s*(?P<word>(?:\w+(?:-\w+)*)?)\s*(?P<rest>.*)")
_ARGUMENTS = regex(r"(?:\[(?P<words>[^\]]*)\])?\s*(?:--(?P<reason>.*))?")
_CODES = r"[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*"
_NOQA = regex(rf"#\s*noqa(?![\w-])(?:(?P<colon>\s*:)\s*(?P<words>{_CODES})?)?", re.IGNORECASE)
_OWN_CODE = regex(r"ISO[0-9]+", re.IGNORECASE)


def parse(comments: Iterable[tuple[int, int, str]], lines: Sequence[str]) -> Suppressions:
    """Find the suppressions among the `comments` of a file: (line, column, text) of each comment token.

    Lines and columns count from 1; the text starts with `#`. `lines` is the text of the file, line by line.
    """
    found: list[Suppression | Malformed] = []
    for line, column, text in comments:
        if "isolint" in text or "noqa" in text.lower():
            found += _Comment(line, column, text.rstrip(), lines).parts()
    return Suppressions(
        comments=tuple(each for each in found if isinstance(each, Suppression)),
        malformed=tuple(each for each in found if isinstance(each, Malformed)),
    )


def apply(
    findings: Iterable[Finding],
    suppressions: Suppressions,
    known: Mapping[str, str],
    judged: Collection[str] | None = None,
) -> Outcome:
    """Sort the `findings` of one file into those that are kept and those that its suppressions silence.

    `known` maps the code of every rule to its name. Told too is which suppressions are malformed, name no
    rule or silence nothing; the last is not said of rules that are not in `judged` (None: all are), since
    they did not run. A suppression of unused-suppression silences what would be told of others.
    """
    ledger = _Ledger(suppressions, known, judged)
    kept, suppressed = [], []
    for finding in findings:
        by = ledger.silencer(finding)
        if by is None:
            kept.append(finding)
        else:
            suppressed.append(Suppressed(finding, by))
    return Outcome(tuple(kept), tuple(suppressed), tuple(ledger.unused()))


def unreasoned(suppressions: Suppressions, known: Mapping[str, str]) -> Iterator[Suppression]:
    """The suppressions that give no reason; of those for other linters, too, those that name a rule here."""
    for comment in suppressions.comments:
        is_own = comment.reach is not Reach.NOQA or any(word.upper() in known for word in comment.words)
        if is_own and not comment.reason:
            yield comment


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment token, which may hold several comments: `# noqa: E501  # isolint: ignore[...]`."""

    line: int
    column: int
    text: str
    lines: Sequence[str]

    def parts(self) -> Iterator[Suppression | Malformed]:
        starts = sorted({0, *(found.start() for found in _PART.finditer(self.text))})
        for start, end in zip(starts, [*starts[1:], len(self.text)], strict=True):
            part = self._parse(start, end)
            if part is not None:
                yield part

    def _parse(self, start: int, end: int) -> Suppression | Malformed | None:
        text = self.text[start:end].rstrip()
        directive = _DIRECTIVE.match(text)
        if directive is not None:
            return self._directive(directive, start, end)
        noqa = _NOQA.match(text)
        if noqa is None or (noqa["colon"] and not noqa["words"]):
            return None
        words = tuple(re.split(r"[,\s]+", noqa["words"])) if noqa["words"] else ()
        return Suppression(Reach.NOQA, words, "", self._span(start, noqa.end()), self._removal(start, end))

    def _directive(self, found: re.Match[str], start: int, end: int) -> Suppression | Malformed | None:
        reaches = {reach.value: reach for reach in (Reach.STATEMENT, Reach.FILE)}
        reach = reaches.get(found["word"])
        span = self._span(start, found.end())
        if not found["colon"]:
            return Malformed(span, "a `:` is missing after `isolint`") if reach else None
        if reach is None:
            return Malformed(span, _unknown_directive(found["word"], reaches))
        arguments = _ARGUMENTS.fullmatch(found["rest"])
        if arguments is None:
            is_open = found["rest"].startswith("[") and "]" not in found["rest"]
            return Malformed(span, "a `]` is missing" if is_open else "a reason has to follow `--`")
        words = tuple(filter(None, map(str.strip, (arguments["words"] or "").split(","))))
        if arguments["words"] is not None and not words:
            return Malformed(span, "no rule is named between the brackets")
        reason = (arguments["reason"] or "").strip()
        return Suppression(reach, words, reason, span, self._removal(start, end), self._next_line())

    def _span(self, start: int, length: int) -> Span:
        first = self.column + start
        return Span(self.line, first, self.line, first + length)

    def _removal(self, start: int, end: int) -> Span:
        if end < len(self.text):
            return self._span(start, end - start)
        if start == 0 and self._is_alone():
            is_last = self.line >= len(self.lines)
            after = (self.line, self.column + end) if is_last else (self.line + 1, 1)
            return Span(self.line, 1, *after)
        before = self.lines[self.line - 1][: self.column - 1 + start].rstrip()
        return Span(self.line, len(before) + 1, self.line, self.column + end)

    def _is_alone(self) -> bool:
        return not self.lines[self.line - 1][: self.column - 1].strip()

    def _next_line(self) -> int:
        """Give the line of code below a comment that stands alone, more comments left out; else 0."""
        if not self._is_alone():
            return 0
        for number, line in enumerate(self.lines[self.line :], self.line + 1):
            if not line.lstrip().startswith("#"):
                return number if line.strip() else 0
        return 0


@dataclass(slots=True)
class _Ledger:
    """The suppressions of a file, and which of their words have silenced something."""

    suppressions: Suppressions
    known: Mapping[str, str]
    judged: Collection[str] | None
    used: set[tuple[Suppression, str]] = field(default_factory=set)

    def silencer(self, finding: Finding) -> Suppression | None:
        """Give a suppression of `finding`, and note all of them as used."""
        span = finding.location.span
        lines = finding.lines if any(finding.lines) else (span.line, span.end_line)
        by = [
            (comment, word)
            for comment in self.suppressions.comments
            if _reaches(comment, *lines)
            for word in comment.words or ("",)
            if not word or self._code(word, comment.reach) == finding.code
        ]
        self.used.update(by)
        return by[0][0] if by else None

    def unused(self) -> Iterator[Unused]:
        """Yield what is wrong with the suppressions, once all findings have been asked about."""
        comments, malformed = self.suppressions.comments, self.suppressions.malformed
        faults = [Unused(each.span, (), f"malformed suppression: {each.problem}") for each in malformed]
        for comment in comments:
            faults += self._faults(
                comment, [word for word in self._idle(comment) if not _is_of_unused(comment, word)]
            )
        yield from (fault for fault in faults if not self._is_silenced(fault))
        for comment in comments:
            yield from self._faults(
                comment, [word for word in self._idle(comment) if _is_of_unused(comment, word)]
            )

    def _idle(self, comment: Suppression) -> list[str]:
        return [word for word in comment.words or ("",) if (comment, word) not in self.used]

    def _faults(self, comment: Suppression, idle: list[str]) -> Iterator[Unused]:
        is_noqa = comment.reach is Reach.NOQA
        codes = {word: self._code(word, comment.reach) for word in idle if word}
        for word, code in codes.items():
            if code is None and (not is_noqa or _OWN_CODE.fullmatch(word)):
                yield Unused(comment.span, (word,), self._unknown(word))
        spare = [
            word for word, code in codes.items() if code and (self.judged is None or code in self.judged)
        ]
        if spare:
            named = ", ".join(f"`{word}`" for word in spare)
            yield Unused(
                comment.span, tuple(spare), f"unused suppression of {named}", _without(comment, spare)
            )
        elif "" in idle and not is_noqa:
            yield Unused(comment.span, (), "unused suppression", (comment.removal, ""))

    def _is_silenced(self, fault: Unused) -> bool:
        line = fault.span.line
        by = [
            (comment, word)
            for comment in self.suppressions.comments
            if _reaches(comment, line, line)
            for word in comment.words or ("",)
            if _is_of_unused(comment, word)
        ]
        self.used.update(by)
        return bool(by)

    def _code(self, word: str, reach: Reach) -> str | None:
        """Give the code of the rule that `word` names; only `# noqa` is written in any case, and in codes."""
        if reach is Reach.NOQA:
            return word.upper() if word.upper() in self.known else None
        if word in self.known:
            return word
        return next((code for code, name in self.known.items() if name == word), None)

    def _unknown(self, word: str) -> str:
        guess = closest(word, (*self.known, *self.known.values()))
        return f"there is no rule `{word}`" + (f", did you mean `{guess}`?" if guess else "")


def _is_of_unused(comment: Suppression, word: str) -> bool:
    """Tell whether `word` of `comment` ("" being all rules) silences what is said of unused suppressions."""
    return word in (UNUSED, _UNUSED_NAME) or (not word and comment.reach is Reach.FILE)


def _reaches(comment: Suppression, first: int, last: int) -> bool:
    """Tell whether `comment` speaks of the statement on the lines from `first` to `last`."""
    if comment.reach is Reach.FILE or first <= comment.span.line <= last:
        return True
    return comment.reach is Reach.STATEMENT and comment.next_line == first


def _without(comment: Suppression, spare: Collection[str]) -> tuple[Span, str]:
    """Give the edit that takes the words `spare` out of `comment`, or all of it if none is left."""
    words = ", ".join(word for word in comment.words if word not in spare)
    if not words:
        return comment.removal, ""
    if comment.reach is Reach.NOQA:
        return comment.span, f"# noqa: {words}"
    reason = f" -- {comment.reason}" if comment.reason else ""
    return comment.span, f"# isolint: {comment.reach.value}[{words}]{reason}"


def _unknown_directive(word: str, known: Iterable[str]) -> str:
    if not word:
        return "`ignore` or `ignore-file` has to follow `isolint:`"
    guess = closest(word, known)
    return f"there is no `{word}`" + (f", did you mean `{guess}`?" if guess else "")


def unused(path: str, span: Span, message: str) -> Finding:
    """The finding about what silences nothing: a comment, or a setting."""
    return _of_comment(UNUSED, _UNUSED_NAME, path, span, message)


def unreasoned_at(path: str, span: Span) -> Finding:
    """The finding about a comment that gives no reason."""
    return _of_comment(
        UNREASONED, "suppression-without-reason", path, span, "this suppression gives no reason"
    )


def _of_comment(code: str, name: str, path: str, span: Span, message: str) -> Finding:
    """A finding about what silences findings, which no check of a rule makes."""
    location, lines = Location(path, span), (span.line, span.line)
    return Finding(code, name, message, Severity.WARNING, Confidence.HIGH, location, lines=lines)
