"""What was typed and what came out, for a page of the documentation."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..processes import Command, run
from .stage import NAME

FIRST, LAST = "<!-- transcript: made by {} -->\n", "<!-- end of transcript -->"


@dataclass
class Transcript:
    """Of a command that runs in a folder, and of its status, asked for meanwhile; the folder and the host's name are left out."""

    folder: Path
    command: Command
    test: str
    """The file that makes it."""
    lines: list[str] = field(default_factory=list)
    _heard: int = 0

    @property
    def news(self) -> str:
        """What the command has said since the last stage."""
        return self.command.err[self._heard :]

    def add(self, title: str, *typed: str) -> None:
        """A stage: what was typed, what the command has said since the one before, without its lines of progress, and the status."""
        news = self.news
        self._heard += len(news)
        self.lines += ["", f"# {title}", *(f"$ {words}" for words in typed)]
        self.say("\n".join(line for line in news.splitlines() if "elapsed" not in line))
        self.ask("status", NAME)

    def goes_on(self, command: Command) -> None:
        """From now on it is of this command."""
        self.command, self._heard = command, 0

    def ask(self, *words: str) -> None:
        """A command that ends at once, and its output."""
        self.lines.append(f"$ rhm-sweep {' '.join(words)}")
        self.say(run(self.folder, *words).out)

    def say(self, text: str) -> None:
        """An output."""
        clean = text.replace(str(self.folder), "/shared").replace(f"node {platform.node()} ", "node HOST ")
        self.lines += [line.rstrip() for line in clean.strip().splitlines()]

    def write(self, page: Path) -> None:
        """Put it into a page, between its marks."""
        first = FIRST.format(self.test)
        body = f"{first}```text" + "\n".join(self.lines) + f"\n```\n{LAST}"
        marked = f"{re.escape(first)}.*?{re.escape(LAST)}"
        page.write_text(re.sub(marked, lambda _: body, page.read_text(), flags=re.DOTALL))
