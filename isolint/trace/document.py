"""An answer as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from isolint.trace.answer import Answer


def render(answer: Answer) -> str:
    """One JSON object, in ASCII: the fields of `Answer`, and of what it holds, under their own names."""
    return json.dumps(asdict(answer), indent=2) + "\n"
