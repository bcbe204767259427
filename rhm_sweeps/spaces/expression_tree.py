"""The trees of expressions: which nodes they may have, and what these are worth. Nothing of Python's own is ever run."""

from __future__ import annotations

import ast
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.distributions import MAX_INTEGER, MAX_REAL

MAX_NESTING = 20
MAX_EXPONENT = 1024


class Lacking:
    """What is not there: a comparison with it is false, whatever the operator, but for `== None`."""

    def __repr__(self) -> str:
        return "nothing"


LACKING = Lacking()
"""The value of a name that something does not have; the fields of a trial always have one."""

_ARITHMETIC: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min, "max": max, "round": round, "ceil": math.ceil, "floor": math.floor,
    "sqrt": math.sqrt, "log": math.log, "log2": math.log2,
}  # fmt: skip
_ORDERS: dict[type[ast.AST], Callable[..., bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_EQUALITIES: dict[type[ast.AST], Callable[..., bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.In: lambda value, options: value in options,
    ast.NotIn: lambda value, options: value not in options,
}  # fmt: skip
_OPERATORS = {*_ARITHMETIC, *_ORDERS, *_EQUALITIES, ast.Not}


def field_names(node: ast.AST, depth: int = 1) -> Iterator[str]:
    """Yield the names of fields in a tree, all of whose nodes must be allowed.

    Raises:
        UsageError: for any other node, with its text, and for a tree that is too deep.
    """
    if depth > MAX_NESTING:
        raise UsageError(f"is an expression nested deeper than {MAX_NESTING}")
    if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
        yield _name(node)
        return
    _check_node(node)
    for part in node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node):
        if isinstance(part, ast.expr):
            yield from field_names(part, depth + 1)


def evaluate(node: ast.AST, values: Mapping[str, Any]) -> Any:
    """Return what a tree is worth, with the values of fields by the names they have in it.

    Raises:
        ArithmeticError, ValueError: if it has no result of a reasonable size, saying why.
    """
    return _KINDS[type(node)](node, values)


class _LackingError(ValueError):
    """Arithmetic with what is lacking."""


def as_number(value: Any) -> int | float:
    """Return a value that is a number of reasonable size, and no truth value."""
    if value is LACKING:
        raise _LackingError("a number is lacking")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    if not abs(value) <= (MAX_INTEGER if isinstance(value, int) else MAX_REAL):
        raise ValueError("a number in it is too large")
    return value


def as_truth(value: Any) -> bool:
    """Return a value that is true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _check_node(node: ast.AST) -> None:
    if isinstance(node, ast.Call):
        _check_call(node)
    plain = not isinstance(node, ast.Constant) or isinstance(node.value, str | int | float | None)
    if type(node) not in _KINDS or isinstance(node, ast.Attribute) or not plain:
        raise UsageError(f"`{ast.unparse(node)}` is not allowed in an expression")
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.operator | ast.unaryop | ast.cmpop) and type(part) not in _OPERATORS:
            raise UsageError(f"`{ast.unparse(node)}` has an operator that is not allowed; there are + - * / // % **")


def _check_call(node: ast.Call) -> None:
    if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS or node.keywords:
        raise UsageError(f"`{ast.unparse(node)}` is not allowed; functions are {', '.join(_FUNCTIONS)}")
    count = len(node.args)
    if count < 2 if node.func.id in ("min", "max") else count != 1:
        raise UsageError(f"`{ast.unparse(node)}` gives `{node.func.id}` {count} argument{'s' if count != 1 else ''}")


def _unary(node: ast.UnaryOp, values: Mapping[str, Any]) -> Any:
    operand = evaluate(node.operand, values)
    return not as_truth(operand) if isinstance(node.op, ast.Not) else _ARITHMETIC[type(node.op)](as_number(operand))


def _binary(node: ast.BinOp, values: Mapping[str, Any]) -> int | float:
    left, right = (as_number(evaluate(side, values)) for side in (node.left, node.right))
    if isinstance(node.op, ast.Pow) and abs(left) > 1 and abs(right) > MAX_EXPONENT:
        raise ValueError(f"the exponent {right} is larger than {MAX_EXPONENT}")
    return as_number(_ARITHMETIC[type(node.op)](left, right))


def _call(node: ast.Call, values: Mapping[str, Any]) -> int | float:
    arguments = [as_number(evaluate(part, values)) for part in node.args]
    return as_number(_FUNCTIONS[_name(node.func)](*arguments))


def _logic(node: ast.BoolOp, values: Mapping[str, Any]) -> bool:
    decide = all if isinstance(node.op, ast.And) else any
    return decide(as_truth(evaluate(part, values)) for part in node.values)


def _comparison(node: ast.Compare, values: Mapping[str, Any]) -> bool:
    try:
        sides = [evaluate(part, values) for part in (node.left, *node.comparators)]
        return all(_compare(op, *pair) for op, pair in zip(node.ops, itertools.pairwise(sides), strict=True))
    except _LackingError:
        return False


def _compare(op: ast.cmpop, left: Any, right: Any) -> bool:
    if left is LACKING or right is LACKING:
        return isinstance(op, ast.Eq) and (left is None or right is None)
    if type(op) in _ORDERS:
        return _ORDERS[type(op)](as_number(left), as_number(right))
    searches_text = isinstance(left, str) and isinstance(right, str)
    if isinstance(op, ast.In | ast.NotIn) and not (isinstance(right, list) or searches_text):
        raise ValueError("`in` needs a list such as ['adam', 'adamw']")
    return _EQUALITIES[type(op)](left, right)


def _listed(node: ast.Tuple | ast.List, values: Mapping[str, Any]) -> list[Any]:
    return [evaluate(part, values) for part in node.elts]


def _constant(node: ast.Constant, values: Mapping[str, Any]) -> Any:  # noqa: ARG001 - one of the kinds
    return node.value


def _field(node: ast.expr, values: Mapping[str, Any]) -> Any:
    return values[_name(node)]


def _name(node: ast.expr) -> str:
    """The text of a name, or of two with a dot between; `ast.unparse` takes twenty times as long."""
    return (
        node.id
        if isinstance(node, ast.Name)
        else f"{_name(node.value)}.{node.attr}"
        if isinstance(node, ast.Attribute)
        else ""
    )


_KINDS: dict[type[ast.AST], Callable[[Any, Mapping[str, Any]], Any]] = {
    ast.Constant: _constant,
    ast.Name: _field,
    ast.Attribute: _field,
    ast.Tuple: _listed,
    ast.List: _listed,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.BoolOp: _logic,
    ast.Compare: _comparison,
    ast.Call: _call,
}
