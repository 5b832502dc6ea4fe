"""Dataclasses that are written late are like those of the standard library, but not frozen."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import field
from functools import cached_property
from typing import Any

import pytest

from isolint.late import dataclass, fields_of, regex

DECORATORS: list[Callable[..., Callable[[type], type]]] = [dataclass, dataclasses.dataclass]


def shapes(decorator: Callable[..., Callable[[type], type]], **options: bool) -> tuple[type, type]:
    """A class and one that is derived from it."""

    class Place:
        """Where."""

        path: str
        line: int = 1
        words: tuple[str, ...] = field(default=(), compare=False)

        @property
        def text(self) -> str:
            return f"{self.path}:{self.line}"

    made = decorator(**options)(Place)

    class Named(made):  # type: ignore[misc, valid-type]
        name: str = field(default="", repr=False)
        found: list[str] = field(default_factory=list, init=False, compare=False)

    return made, decorator(**options)(Named)


@pytest.mark.parametrize("slots", [True, False])
@pytest.mark.parametrize("first", ["fields", "instance", "derived", "compared"])
def test_it_is_what_the_standard_library_makes(slots: bool, first: str) -> None:
    told = []
    for decorator in DECORATORS:
        place, named = shapes(decorator, slots=slots, frozen=True, order=True)
        if first == "fields":
            assert [each.name for each in dataclasses.fields(named)] == [
                "path",
                "line",
                "words",
                "name",
                "found",
            ]
        if first == "derived":
            assert named("a", name="n").text == "a:1"
        if first == "compared":
            assert place("a", 2) == place("a", 2, ("x",)) != place("b", 2)
        one, other = named("a", 1, name="n"), named("a", 2, ("w",), "n")
        same = dataclasses.replace(other, line=1)
        assert {one, same} == {one}
        assert one < other
        assert one != place("a", 1)
        assert one.found is not other.found
        assert hasattr(one, "__dict__") is not slots
        told.append(
            (
                repr(one),
                repr(place("b")),
                hash(one),
                named.__match_args__,  # type: ignore[attr-defined]
                place.__doc__,
                slots and one.__slots__,
            )
        )
    assert told[0] == told[1]


@pytest.mark.parametrize("slots", [True, False])
def test_without_comparison_only_an_instance_is_itself(slots: bool) -> None:
    place, _ = shapes(dataclass, slots=slots, eq=False)
    assert place("a") != place("a")
    assert len({place("a"), place("a")}) == 2


def test_arguments_are_checked() -> None:
    place, _ = shapes(dataclass, slots=True)
    with pytest.raises(TypeError, match="path"):
        place()
    with pytest.raises(TypeError, match="unexpected keyword argument 'nothing'"):
        place("a", nothing=1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(place("a"))


def test_what_the_class_says_itself_stays() -> None:
    @dataclass()
    class Page:
        path: str
        made: int = field(init=False)

        def __post_init__(self) -> None:
            self.made = len(self.path)

        def __repr__(self) -> str:
            return self.path

        @cached_property
        def parts(self) -> list[str]:
            return self.path.split("/")

    assert repr(Page("a/b")) == "a/b"
    assert (Page("a/b").made, Page("a/b").parts) == (3, ["a", "b"])


@pytest.mark.parametrize("decorator", DECORATORS)
def test_fields_that_are_given_by_name_alone(decorator: Callable[..., Callable[[type], type]]) -> None:
    class Place:
        line: int = 1
        path: str

    made: Any = decorator(kw_only=True, slots=True)(Place)
    assert repr(made(path="a")).endswith("Place(line=1, path='a')")
    assert made(path="a", line=1) == made(path="a") != made(path="b")
    assert made.__match_args__ == ()
    with pytest.raises(TypeError, match="positional argument"):
        made("a")


def test_fields_are_those_of_the_bases_first() -> None:
    _, named = shapes(dataclass, slots=True)
    assert [*fields_of(named)] == ["path", "line", "words", "name", "found"]
    assert fields_of(named)["line"].default == 1


def test_a_pattern_is_compiled_when_it_is_asked_for_a_match() -> None:
    broken = regex("(")
    assert broken.pattern == "("
    with pytest.raises(re.error, match="unterminated"):
        broken.match("")
    whole = regex(r"a(\d)", re.IGNORECASE)
    assert [found[1] for found in whole.finditer("a1 A2")] == ["1", "2"]
    assert (whole.sub("", "A1b"), whole.search("b"), whole.groups) == ("b", None, 1)
