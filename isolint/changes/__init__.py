"""What has to be judged again when files have changed since an earlier run, told by their texts alone.

A verdict on a file depends on what the file leads to, by imports, conftests and names of modules in strings
(`leads`), and that on support, what conftests and helpers define, on the test code that may come to it, too. Where the
test code has changed only in what some definitions say (`units`), it concerns whoever speaks of these, or of what
speaks of them, and so on (`waking`). What cannot be told is judged again.
"""

from isolint.changes.waking import Waking

__all__ = ["Waking"]
