"""Expressions over the fields of a trial, such as `train_size // 4` and `name == 'transformer'`.

They are parsed into a tree whose nodes are all of a known kind and small; nothing of Python's own is ever run.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.expression_tree import as_number, as_truth, evaluate, field_names
from rhm_sweeps.spaces.fields import resolve_field, value_problem

MAX_LENGTH = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Expression:
    """An expression that was found correct: its text, and the dotted fields by the names it has for them."""

    text: str
    names: Mapping[str, str] = field(compare=False, repr=False)
    tree: ast.expr = field(compare=False, repr=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The dotted fields that it depends on, each once."""
        return tuple(dict.fromkeys(self.names.values()))

    def number(self, values: Mapping[str, Any]) -> int | float:
        """Return the result for these values of dotted fields.

        Raises:
            UsageError: if there is none, with the expression and the values in it.
        """
        return self._result(values, as_number)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Return whether the condition holds for these values of dotted fields.

        Raises:
            UsageError: if it is neither true nor false, with the condition and the values in it.
        """
        return self._result(values, as_truth)

    def _result(self, values: Mapping[str, Any], kind: Callable[[Any], T]) -> T:
        try:
            return kind(evaluate(self.tree, {name: values[dotted] for name, dotted in self.names.items()}))
        except (ArithmeticError, ValueError) as error:
            raise UsageError(f"{self.said(values)} has no result: {error}") from None

    def said(self, values: Mapping[str, Any]) -> str:
        """The expression with the values in it, for messages."""
        used = ", ".join(f"{name} = {values[dotted]!r}" for name, dotted in self.names.items())
        return f"`{self.text}`" + (f" with {used}" if used else "")


def parse_arithmetic(written: Any) -> Expression:
    """Return the expression of a text such as `train_size // 4`.

    Raises:
        UsageError: if it is not one, saying what is wrong.
    """
    expression = _parse(written, "train_size // 4")
    if problem := next(_outside(expression.tree, (ast.Compare, ast.BoolOp, ast.Not, ast.Tuple, ast.List)), None):
        raise UsageError(f"`{expression.text}` must give a number, but has `{problem}`")
    return expression


def parse_condition(
    written: Any,
    resolve: Callable[[str], str] = resolve_field,
    text_problem: Callable[[str, str], str | None] = value_problem,
) -> Expression:
    """Return the condition of a text such as `num_synonyms <= num_features` or `name == 'transformer'`.

    Args:
        resolve: gives the full name that a name in it stands for; raises UsageError if there is none.
        text_problem: says why something of that full name never is a text, or None.

    Raises:
        UsageError: if it is not one, saying what is wrong; also for text that a field compared with it never has.
    """
    expression = _parse(written, "name == 'transformer'", resolve)
    tree = expression.tree
    if not isinstance(tree, ast.Compare | ast.BoolOp | ast.Name | ast.Attribute) and not (
        isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
    ):
        raise UsageError(f"`{expression.text}` must be true or false, such as `train_size >= 64`")
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            _check_texts([node.left, *node.comparators], expression.names, text_problem)
    return expression


def _parse(written: Any, example: str, resolve: Callable[[str], str] = resolve_field) -> Expression:
    if not isinstance(written, str) or not written.strip():
        raise UsageError(f"is {written!r}, but must be an expression such as `{example}`")
    text = written.strip()
    if len(text) > MAX_LENGTH:
        raise UsageError(f"is an expression of {len(text)} characters, but must have <= {MAX_LENGTH}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        said = error.msg if isinstance(error, SyntaxError) else str(error) or "it is nested too deep"
        raise UsageError(f"`{text}` is not an expression: {said}") from None
    names = {name: resolve(name) for name in field_names(tree)}
    return Expression(text, names, tree)


def _outside(tree: ast.AST, kinds: tuple[type[ast.AST], ...]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, kinds) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bool | None)):
            yield ast.unparse(node) if isinstance(node, ast.expr) else "not"


def _check_texts(
    sides: list[ast.expr], names: Mapping[str, str], text_problem: Callable[[str, str], str | None]
) -> None:
    """A field that is compared with a text must be able to have it: a typing error would make a condition false for ever."""
    fields = [names[ast.unparse(side)] for side in sides if isinstance(side, ast.Name | ast.Attribute)]
    texts = [part.value for side in sides for part in ast.walk(side) if isinstance(part, ast.Constant)]
    for name in fields:
        for text in (text for text in texts if isinstance(text, str)):
            if problem := text_problem(name, text):
                raise UsageError(f"compares `{name}` with {text!r}, which it never {problem}")
