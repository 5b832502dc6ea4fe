"""What holds where no configuration says otherwise."""

from __future__ import annotations

DEFAULT_EXCLUDE = (
    ".*/",
    "*.egg/",
    "*.egg-info/",
    "__pypackages__/",
    "_build/",
    "buck-out/",
    "node_modules/",
    "site-packages/",
    "venv/",
)
"""Folders that hold no code of the project's own; hidden ones, as pytest does, are never collected."""
