"""Fixture cases: marked source files and trees that say what a rule must report, for isolint and its plugins.

A case is a file `<case>.py` or a folder `<case>/` below a folder named like a rule. A mark
`# expect: CODE` at the end of a line says that a finding of that rule starts there,
`# expect: CODE via app/db.py:5 and app/config.py:9` that its trail leads through these places too. No mark
means silence. `<case>.fixed.py` or `<case>.fixed/` is the repaired twin: where the rule offers fixes, it is what they
make of the case, byte for byte but for the marks, which stay at what no fix mends. A single file is linted as
`tests/test_<case>.py` of an otherwise empty project, a folder as a project of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from isolint.documents import kind_of
from isolint.engine import check
from isolint.finding import Finding
from isolint.fixing import Fixed, fix
from isolint.late import dataclass, regex
from isolint.result import Result
from isolint.rule import Rule, load_rules
from isolint.settings import load

_MARK = regex(r"#\s*expect:\s*(?P<text>.+?)\s*$")
_MARK_IN_LINE = regex(rb"[ \t]*#[ \t]*expect:[^\r\n]*")
_CODE = regex(r"\b[A-Z]{2,8}[0-9]{3,4}\b")
_PLACE = regex(r"([\w./-]+):(\d+)")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the file or folder it lies in, named `<rule>/<case>`."""

    path: Path
    name: str

    @property
    def is_fixed(self) -> bool:
        """Whether it is the repaired twin of another case."""
        return self.path.stem.endswith(".fixed") or self.path.name.endswith(".fixed")

    @property
    def is_configured(self) -> bool:
        """Whether it holds configuration of its own, which counts only at the root of a project."""
        own = any((self.path / name).exists() for name in ("isolint.toml", "noxfile.py", "manage.py"))
        return own or any(kind_of(p.relative_to(self.path).as_posix()) for p in self.path.rglob("*"))

    @property
    def twin(self) -> Case:
        """The repaired twin, which need not be there."""
        name = self.path.name.removesuffix(".py")
        return Case(self.path.with_name(f"{name}.fixed{self.path.suffix}"), f"{self.name}.fixed")

    def contents(self) -> dict[str, bytes]:
        """What each file of the case holds, the marks left out, by its path in the case."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return {
            path.relative_to(self.path).as_posix(): without_marks(path.read_bytes())
            for path in sorted(files)
            if path.is_file() and "__pycache__" not in path.parts
        }

    def lay(self, root: Path) -> Path:
        """Copy the case into the folder `root` as a project, and return the project's root."""
        if self.path.is_dir():
            shutil.copytree(self.path, root, dirs_exist_ok=True)
        else:
            target = root / "tests" / f"test_{self.path.stem.replace('.', '_')}.py"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.path, target)
        return root


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """A mark: the file, its line, the code, and the places the trail must lead through."""

    path: str
    line: int
    code: str
    via: tuple[tuple[str, int], ...] = ()


def cases(folder: Path) -> list[Case]:
    """The cases below a folder that holds one folder for each rule, sorted by name."""
    found = []
    for rule in sorted(p for p in folder.iterdir() if p.is_dir()):
        for path in sorted(rule.iterdir()):
            if path.suffix == ".py" or path.is_dir():
                found.append(Case(path, f"{rule.name}/{path.name.removesuffix('.py')}"))
    return found


def expected(root: Path) -> list[Expected]:
    """The marks in the files of a project, or in a single file."""
    found: list[Expected] = []
    files = [root] if root.is_file() else root.rglob("*")
    for path in sorted(p for p in files if p.is_file() and p.suffix != ".pyc"):
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            mark = _MARK.search(line)
            if mark is not None:
                found += _marks(path.relative_to(root).as_posix(), number, mark["text"])
    return found


def _marks(path: str, line: int, text: str) -> Iterator[Expected]:
    codes, _, places = text.partition(" via ")
    via = tuple((place, int(number)) for place, number in _PLACE.findall(places))
    for code in _CODE.findall(codes):
        yield Expected(path, line, code, via)


def lint(root: Path, rules: Sequence[Rule] | None = None) -> Result:
    """Check a project as the command line does, with its own configuration and, by default, all rules."""
    settings = load(root)
    return check(settings, [root], rules if rules is not None else load_rules(settings.plugins))


def mended(root: Path, rule: str) -> Fixed:
    """What all fixes of a rule, the unsafe ones too, make of a project; nothing is written."""
    settings = load(root)
    rules = load_rules(settings.plugins)

    def lint_edited(edited: Mapping[str, bytes]) -> Result:
        result = check(settings, [root], rules, with_fixes=True, edited=edited)
        findings = tuple(f if f.name == rule else replace(f, fix=None) for f in result.findings)
        return replace(result, findings=findings)

    return fix(lint_edited, root, unsafe=True)


def without_marks(data: bytes) -> bytes:
    """What a file holds besides marks."""
    return _MARK_IN_LINE.sub(b"", data)


def differences(wanted: Iterable[Expected], findings: Iterable[Finding], base: str = "") -> list[str]:
    """What was expected and not found, found and not expected, or found without its proof; one line each.

    `base` is the folder, relative to the linted root, that the expectations' paths start from.
    """
    missing = {(base + mark.path, mark.line, mark.code): mark for mark in wanted}
    problems = []
    for finding in findings:
        key = (finding.path, finding.location.span.line, finding.code)
        place = f"{finding.path}:{finding.location.span.line} {finding.code}"
        mark = missing.pop(key, None)
        if mark is None:
            problems.append(f"{place} was not expected: {finding.message}")
            continue
        trail = {(related.path, related.span.line) for related in finding.related}
        for path, line in mark.via:
            if (base + path, line) not in trail:
                problems.append(f"{place} does not lead through {path}:{line}, but through {sorted(trail)}")
    problems += [f"{path}:{line} {code} was not found" for path, line, code in missing]
    return problems
