"""The drawn tree of errors has every class, in its place and with its HTTP status."""

import re
from collections.abc import Iterator
from typing import Any

from functions.http.problems import problem
from menagerie import errors
from menagerie.errors import InvalidFields, KeyReused, MenagerieError, Unreadable, UnreadablePointer
from menagerie.manifest import Pointer

ARGUMENTS: dict[type[MenagerieError], tuple[Any, ...]] = {
    InvalidFields: ([("height", "Input should be greater than 0")],),
    KeyReused: (),
    Unreadable: ("job/1", ValueError("not a job")),
    UnreadablePointer: ("current.json", Pointer.unreadable("etag")),
}


def branches(parent: type[MenagerieError], indent: str = "") -> Iterator[str]:
    """Yield the lines of the tree below a class, each with the HTTP status of its class."""
    defined = [each for each in parent.__subclasses__() if each.__module__ == errors.__name__]
    for child in defined:
        last = child is defined[-1]
        status = problem(child(*ARGUMENTS.get(child, ("text",)))).status_code
        yield f"{indent}{'└' if last else '├'}── {child.__name__} {status}"
        yield from branches(child, indent + ("    " if last else "│   "))


def test_the_drawn_tree_is_that_of_the_classes() -> None:
    drawn = [line for line in (errors.__doc__ or "").splitlines() if "── " in line]
    shortened = [re.sub(r"(\w) {2,}.* (\d+)$", r"\1 \2", line) for line in drawn]
    assert shortened == list(branches(MenagerieError))
