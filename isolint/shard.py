"""Parts of a project: of N machines each lints its own, and together they lint everything once."""

from __future__ import annotations

from typing import NamedTuple

from isolint.late import regex

_FORM = regex(r"([0-9]{1,6})/([0-9]{1,6})")


class Shard(NamedTuple):
    """The part `part`, from 1, of `number`."""

    part: int
    number: int

    def holds(self, content: bytes) -> bool:
        """Whether a file with this content belongs to the part."""
        if self.number == 1:
            return True
        from hashlib import blake2b

        digest = int.from_bytes(blake2b(content, digest_size=8).digest(), "big")
        return digest % self.number == self.part - 1


WHOLE = Shard(1, 1)


def parse(text: str) -> Shard:
    """The shard that `I/N` names. Raises ValueError for anything else."""
    found = _FORM.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(f"expected I/N with I from 1 to N, like 1/4, got '{text}'")
    return Shard(int(found[1]), int(found[2]))
