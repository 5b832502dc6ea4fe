"""Whether anything that is installed brings rules, told without importing what reads installed distributions."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

ENTRY_POINTS = "isolint.rules"


def has_plugins() -> bool:
    """Whether an installed distribution may bring rules."""
    return any(_may_bring_rules(folder) for folder in sys.path)


def _may_bring_rules(folder: str) -> bool:
    try:
        with os.scandir(folder or ".") as listed:
            homes = [
                each.path for each in listed if each.name.endswith((".dist-info", ".egg-info", "EGG-INFO"))
            ]
    except NotADirectoryError:
        return True  # an archive, which is not looked into here
    except OSError:
        return False
    return any(_names_rules(os.path.join(home, "entry_points.txt")) for home in homes)


def _names_rules(path: str) -> bool:
    with suppress(OSError), open(path, "rb") as file:
        return f"[{ENTRY_POINTS}]".encode() in file.read()
    return False
