"""Where the report goes, and in which formats: FORMAT to standard output, FORMAT:FILE to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from isolint import report
from isolint.console import FAILED, Failure, say, write
from isolint.late import dataclass
from isolint.spelling import did_you_mean


@dataclass(frozen=True, slots=True)
class Output:
    """A format, "" being the usual one, and the file it goes to, None being standard output."""

    format: str = ""
    file: Path | None = None


def outputs(words: Sequence[str]) -> tuple[Output, ...]:
    """What the words of `--output-format` ask for; without any, the usual format on standard output.

    Raises Failure for a format that there is none of, for a file in a folder that is not there, and where two
    would go to the same place.
    """
    wanted = tuple(_output(word) for word in words) or (Output(),)
    places = [str(each.file) if each.file else "standard output" for each in wanted]
    for place in places:
        if places.count(place) > 1:
            raise Failure(f"two formats would be written to {place}; say where to with FORMAT:FILE")
    return wanted


def deliver(
    wanted: Sequence[Output], render: Callable[[Output], str], show: Callable[[str], None] = write
) -> int:
    """Write what `render` makes of each output to its place, or `show` it; those that cannot be written are told.

    The exit code is 0, or 2 if any could not be written.
    """
    code = 0
    for output in wanted:
        text = render(output)
        if output.file is None:
            show(text)
            continue
        try:
            from isolint.files import replace

            replace(output.file, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            say(f"isolint: {output.file} could not be written: {error.strerror or error}")
            code = FAILED
    return code


def _output(word: str) -> Output:
    name, colon, file = word.partition(":")
    if name not in report.formats():
        known = ", ".join(report.formats())
        hint = did_you_mean(name, report.formats()) or f"; there are {known}"
        raise Failure(f"there is no output format '{name}'{hint}")
    if colon and not file:
        raise Failure(f"a file has to follow `{name}:`")
    if not colon or file == "-":
        return Output(name)
    folder = os.path.dirname(os.path.abspath(file))
    if not os.path.isdir(folder):
        raise Failure(f"{file} cannot be written: there is no folder {folder}")
    return Output(name, Path(file))
