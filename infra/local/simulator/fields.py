"""Parse the `fields` expression: `id,from{id,name},comments.limit(0).summary(true)`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<mark>[.,{}])|\((?P<argument>[^(){}]*)\))\s*")


class FieldsError(ValueError):
    """The expression cannot be read."""


@dataclass(frozen=True)
class Field:
    """One name, its modifiers (`.limit(5)`) and the fields in its braces; no braces mean the default fields."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    inner: tuple[Field, ...] = ()

    def __str__(self) -> str:
        modifiers = "".join(f".{name}({text})" for name, text in self.modifiers.items())
        return self.name + modifiers + (f"{{{','.join(map(str, self.inner))}}}" if self.inner else "")


def parse(expression: str) -> tuple[Field, ...]:
    """Read an expression.

    Raises:
        FieldsError: It is not well formed; the message names the character.
    """
    reader = _Reader(expression)
    found = reader.fields()
    reader.expect_end()
    return found


def names(asked: tuple[Field, ...]) -> Iterator[str]:
    """Yield every name in the expression, at any depth."""
    for each in asked:
        yield each.name
        yield from names(each.inner)


class _Reader:
    """A recursive-descent reader with one token of lookahead."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._at = 0

    def fields(self) -> tuple[Field, ...]:
        found = [self._field()]
        while self._take("mark", ",") is not None:
            found.append(self._field())
        return tuple(found)

    def expect_end(self) -> None:
        if self._at < len(self._expression):
            raise self._error("end of string")

    def _field(self) -> Field:
        name = self._need("name", "name")
        modifiers: dict[str, str] = {}
        while self._take("mark", ".") is not None:
            modifier = self._need("name", "modifier")
            modifiers[modifier] = self._need("argument", "argument in parentheses").strip()
        if self._take("mark", "{") is None:
            return Field(name, modifiers)
        inner = self.fields()
        if self._take("mark", "}") is None:
            raise self._error("}")
        return Field(name, modifiers, inner)

    def _need(self, group: str, wanted: str) -> str:
        token = self._take(group)
        if token is None:
            raise self._error(wanted)
        return token

    def _take(self, group: str, exactly: str | None = None) -> str | None:
        match = _TOKEN.match(self._expression, self._at)
        token = match.group(group) if match else None
        if match is None or token is None or exactly not in (None, token):
            return None
        self._at = match.end()
        return token

    def _error(self, wanted: str) -> FieldsError:
        return FieldsError(f'Syntax error "Expected {wanted}." at character {self._at}: {self._expression}')
