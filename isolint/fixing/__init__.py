"""Fixes applied: chosen and tried in memory, pass after pass, then shown or written."""

from isolint.fixing.difference import diff
from isolint.fixing.disk import write
from isolint.fixing.passes import Fixed, fix

__all__ = ["Fixed", "diff", "fix", "write"]
