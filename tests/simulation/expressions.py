"""DynamoDB's condition and update expressions, as far as flowtally writes them.

Each is parsed once into closures; names and values are looked up when it is evaluated. Numbers are
exact up to 38 digits.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

Item = dict[str, dict[str, Any]]

_TOKEN = re.compile(r"\s*([#:]?[A-Za-z0-9_]+|<=|>=|<>|[=<>(),+-])")
_EXACT = Context(prec=38, traps=[Inexact])


class Invalid(Exception):
    """DynamoDB would answer with a ValidationException."""


class Terms(NamedTuple):
    """What an expression refers to."""

    names: Mapping[str, str]
    values: Mapping[str, dict[str, Any]]


Condition = Callable[[Item, Terms], bool]
Operand = Callable[[Item, Terms], dict[str, Any] | None]
Action = Callable[[Item, Item, Terms], None]  # the item before, the item in the making


def number(value: Mapping[str, Any]) -> int | Decimal:
    """The number that an attribute value holds."""
    text = value["N"]
    try:
        parsed: int | Decimal = int(text)
    except ValueError:
        try:
            parsed = Decimal(text)
        except InvalidOperation as error:
            raise Invalid("The parameter cannot be converted to a numeric value") from error
        if parsed == parsed.to_integral_value():
            parsed = int(parsed)
    if isinstance(parsed, int) and len(str(abs(parsed)).rstrip("0")) > 38:
        raise Invalid("Attempting to store more than 38 significant digits in a Number")
    return parsed


def sum_of(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> dict[str, Any]:
    """What ADD makes of two attribute values."""
    if one is None:
        if "N" in other:
            return {"N": str(number(other))}
        kind = _kind_of_set(other)
        return {kind: sorted(other[kind])}
    if "N" in one and "N" in other:
        return {"N": str(number({"N": str(_plus(number(one), number(other)))}))}
    kind = _kind_of_set(other)
    if kind not in one:
        raise Invalid("An operand in the update expression has an incorrect data type")
    return {kind: sorted({*one[kind], *other[kind]})}


def _kind_of_set(value: Mapping[str, Any]) -> str:
    ((kind, members),) = value.items()
    if kind not in ("SS", "NS", "BS"):
        raise Invalid("Incorrect operand type for operator or function")
    if not members or len(set(members)) < len(members):
        raise Invalid("One or more parameter values were invalid")
    return kind


def _plus(one: int | Decimal, other: int | Decimal) -> int | Decimal:
    if isinstance(one, int) and isinstance(other, int):
        return one + other
    try:
        return _EXACT.add(Decimal(one), Decimal(other))
    except Inexact as error:
        raise Invalid("Attempting to store more than 38 significant digits in a Number") from error


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.tokens = _TOKEN.findall(text)
        if "".join(self.tokens) != re.sub(r"\s", "", text):
            raise Invalid(f"Invalid expression: {text}")
        self.at = 0

    @property
    def ahead(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.ahead
        if not token or (expected and token not in expected):
            raise Invalid(f"Syntax error; token: {token or '<EOF>'}")
        self.at += 1
        return token

    def either(self) -> Condition:
        terms = [self.both()]
        while self.ahead == "OR":
            self.take()
            terms.append(self.both())
        return terms[0] if len(terms) == 1 else lambda item, of: any(term(item, of) for term in terms)

    def both(self) -> Condition:
        terms = [self.negation()]
        while self.ahead == "AND":
            self.take()
            terms.append(self.negation())
        return terms[0] if len(terms) == 1 else lambda item, of: all(term(item, of) for term in terms)

    def negation(self) -> Condition:
        if self.ahead != "NOT":
            return self.primary()
        self.take()
        negated = self.negation()
        return lambda item, of: not negated(item, of)

    def primary(self) -> Condition:
        if self.ahead == "(":
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        if self.ahead in ("attribute_exists", "attribute_not_exists"):
            wanted = self.take() == "attribute_exists"
            self.take("(")
            path = self.operand()
            self.take(")")
            return lambda item, of: (path(item, of) is not None) is wanted
        if self.ahead == "contains":
            self.take()
            self.take("(")
            whole = self.operand()
            self.take(",")
            part = self.operand()
            self.take(")")
            return lambda item, of: _contains(whole(item, of), part(item, of))
        left = self.operand()
        comparison = self.take("=", "<>", "<", "<=", ">", ">=")
        right = self.operand()
        return lambda item, of: _compare(left(item, of), comparison, right(item, of))

    def operand(self) -> Operand:
        token = self.take()
        if token.startswith(":"):
            return lambda _, of: of.values[token]
        return lambda item, of: item.get(_name(token, of))

    def clauses(self) -> list[Action]:
        actions: list[Action] = []
        seen: set[str] = set()
        while self.ahead:
            if self.ahead in seen:
                raise Invalid(f'The "{self.ahead}" section can only be used once in an update expression')
            seen.add(self.ahead)
            clause = {"SET": self.set, "ADD": self.add, "REMOVE": self.remove, "DELETE": self.delete}
            one = clause[self.take(*clause)]
            actions.append(one())
            while self.ahead == ",":
                self.take()
                actions.append(one())
        return actions

    def set(self) -> Action:
        path = self.take()
        self.take("=")
        value = self.operand()
        if self.ahead == "+":
            self.take()
            addend = self.operand()
            return lambda old, new, of: new.__setitem__(
                _name(path, of), sum_of(_there(value(old, of)), _there(addend(old, of)))
            )
        return lambda old, new, of: new.__setitem__(_name(path, of), _there(value(old, of)))

    def add(self) -> Action:
        path, value = self.take(), self.operand()

        def action(old: Item, new: Item, of: Terms) -> None:
            name = _name(path, of)
            new[name] = sum_of(old.get(name), _there(value(old, of)))

        return action

    def remove(self) -> Action:
        path = self.take()

        def action(_: Item, new: Item, of: Terms) -> None:
            new.pop(_name(path, of), None)

        return action

    def delete(self) -> Action:
        path, value = self.take(), self.operand()

        def action(old: Item, new: Item, of: Terms) -> None:
            name = _name(path, of)
            taken_out = _there(value(old, of))
            kind = _kind_of_set(taken_out)
            if kind not in old.get(name, {kind: ()}):
                raise Invalid("An operand in the update expression has an incorrect data type")
            members = taken_out[kind]
            if name in old and (left := [one for one in old[name][kind] if one not in members]):
                new[name] = {kind: left}
            else:
                new.pop(name, None)  # an empty set cannot be stored

        return action


def _name(token: str, of: Terms) -> str:
    if token.startswith("#"):
        return of.names[token]
    if token[0].isdigit():
        raise Invalid(f"Syntax error; token: {token}")
    if token.lower() in ("day", "count", "sum"):
        raise Invalid(f"Attribute name is a reserved keyword; reserved keyword: {token}")
    return token


def _there(value: dict[str, Any] | None) -> dict[str, Any]:
    if value is None:
        raise Invalid("The provided expression refers to an attribute that does not exist in the item")
    return value


def _contains(whole: Mapping[str, Any] | None, part: Mapping[str, Any] | None) -> bool:
    if whole is None or part is None:
        return False
    ((kind, value),) = part.items()
    return value in whole.get(f"{kind}S", ())


def _compare(left: Mapping[str, Any] | None, comparison: str, right: Mapping[str, Any] | None) -> bool:
    if left is None or right is None or left.keys() != right.keys():
        return comparison == "<>"
    one, other = (number(left), number(right)) if "N" in left else (*left.values(), *right.values())
    outcomes = {"=": one == other, "<>": one != other, "<": one < other, "<=": one <= other}
    return (
        outcomes[comparison] if comparison in outcomes else not outcomes["<=" if comparison == ">" else "<"]
    )


@lru_cache(10_000)
def condition(text: str) -> Condition:
    """The condition that an expression states."""
    parser = _Parser(text)
    parsed = parser.either()
    if parser.ahead:
        raise Invalid(f"Syntax error; token: {parser.ahead}")
    return parsed


@lru_cache(10_000)
def update(text: str) -> list[Action]:
    """The actions of an update expression."""
    return _Parser(text).clauses()
