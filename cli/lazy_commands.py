"""Commands that are loaded when they are used: for the list of all, the first lines of their docstrings are enough."""

from __future__ import annotations

import ast
import copy
import importlib
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class LazyCommand:
    """A function of the module of the same name, or a group of commands, which is the `app` of its module."""

    name: str
    panel: str
    example: str = ""
    module: str = ""
    """Where it is named otherwise than the command."""

    @property
    def function(self) -> str:
        return self.module or self.name

    def load(self) -> Any:
        """The command, or the group."""
        module = importlib.import_module(f".{self.function}", __package__)
        typer_app = typer.Typer(rich_markup_mode="rich")
        typer_app.callback()(lambda: None)
        if group := getattr(module, "app", None):
            typer_app.add_typer(group, name=self.name, rich_help_panel=self.panel)
        else:
            epilog = f"Example: rhm-sweep {self.name} {self.example}".rstrip()
            command = typer_app.command(self.name, epilog=epilog, rich_help_panel=self.panel)
            command(getattr(module, self.function))
        return typer.main.get_group(typer_app).commands[self.name]

    def listed(self) -> TyperCommand:
        """What a list says of it: read from the source, for importing all commands takes longer than all else."""
        source = ast.parse((FOLDER / f"{self.function}.py").read_text(encoding="utf-8"))
        functions = (node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == self.function)
        return TyperCommand(self.name, help=ast.get_docstring(next(functions, source)), rich_help_panel=self.panel)


class _Loaded(MutableMapping[str, Any]):
    def __init__(self, lazy: dict[str, LazyCommand]) -> None:
        self._lazy, self._loaded = lazy, dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._lazy[name].load()
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._lazy[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lazy)

    def __len__(self) -> int:
        return len(self._lazy)


class LazyGroup(TyperGroup):
    """The commands of `lazy`."""

    lazy: tuple[LazyCommand, ...] = ()

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Loaded({command.name: command for command in self.lazy})

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a value that it does not take is said with its bound, where Typer names the bound alone."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            cause: Any = error.__cause__
            if hasattr(cause, "errors"):  # pydantic's, which is not imported for every command
                detail = cause.errors()[0]
                error.message = (
                    f"it is {str(detail['input'])!r}, but {detail['msg'].replace('Input should', 'must', 1)}"
                )
            raise

    def format_help(self, ctx: Any, formatter: Any) -> None:
        listed = copy.copy(self)
        listed.commands = {command.name: command.listed() for command in self.lazy}
        TyperGroup.format_help(listed, ctx, formatter)
