"""The language reference is true: every example on it runs and gives what is shown."""

from __future__ import annotations

import doctest
import re
import shlex
from itertools import groupby
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner

from autorecon import SpaceError
from autorecon.cli import cli
from autorecon.graph import load

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)


@attrs.frozen
class Block:
    """One fenced block: its language, its options, its text and the section it stands in."""

    language: str
    options: tuple[str, ...]
    text: str
    section: str

    def option(self, name: str) -> str | None:
        return next((o[len(name) + 1 :] for o in self.options if o.startswith(name + "=")), None)


def _blocks() -> list[Block]:
    found = []
    for section in re.split(r"^(?=## )", PAGE, flags=re.M):
        title = section.partition("\n")[0].strip("# ")
        found += [Block(lang, tuple(options.split()), text, title)
                  for lang, options, text in FENCE.findall(section)]  # fmt: skip
    return found


BLOCKS = _blocks()
SECTIONS = {title: list(blocks) for title, blocks in groupby(BLOCKS, lambda b: b.section)}
PRELUDE = next(b.text for b in BLOCKS if "prelude" in b.options)


@attrs.define
class Reader:
    """Does what a section's examples say, one after the other, in the current folder."""

    names: dict[str, Any] = attrs.field(factory=dict)
    exit_code: int = 0

    def follow(self, block: Block) -> None:
        if block.language != "yaml":  # of other tools
            follow = {"space": self.space, "python": self.python, "console": self.console}
            follow[block.language](block)

    def space(self, block: Block) -> None:
        text = PRELUDE * ("fragment" in block.options) + block.text
        path = Path(block.option("file") or "example.space")
        path.write_text(text, "utf-8")
        expected = (block.option("error") or "").split(",")
        assert _codes_of(path) == [code for code in expected if code], text

    def python(self, block: Block) -> None:
        if file := block.option("file"):
            Path(file).write_text(block.text, "utf-8")
            return
        if not block.text.startswith(">>>"):
            exec(block.text, self.names)
            return
        test = doctest.DocTestParser().get_doctest(block.text, self.names, block.section, None, 0)
        shown: list[str] = []
        result = doctest.DocTestRunner().run(test, out=shown.append, clear_globs=False)
        self.names = test.globs
        assert result.failed == 0, "".join(shown)

    def console(self, block: Block) -> None:
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.M):
            words = shlex.split(command)
            said = f"{self.exit_code}\n" if words[0] == "echo" else self.run(words)
            assert _matches(said, output), f"{command} says:\n{said}"

    def run(self, words: list[str]) -> str:
        assert words[0] in ("autorecon", "autorecon-compile")
        arguments = ["compile"] * (words[0] == "autorecon-compile") + words[1:]
        result = CliRunner().invoke(cli, arguments, prog_name="autorecon")
        self.exit_code = result.exit_code
        return result.output


def _codes_of(path: Path) -> list[str]:
    try:
        load(path)
    except SpaceError as error:
        return [d.code for d in error.diagnostics]
    return []


def _matches(said: str, shown: str) -> bool:
    """Whether lines are those shown; a line `...` stands for any lines."""
    parts = [r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n"
             for line in shown.splitlines()]  # fmt: skip
    return re.fullmatch("".join(parts), "\n".join(said.splitlines()).rstrip() + "\n") is not None


@pytest.mark.parametrize("section", SECTIONS)
def test_examples(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    reader = Reader()
    for block in SECTIONS[section]:
        reader.follow(block)


def test_output_that_differs_does_not_match():
    assert _matches("a\nb\nc\n", "a\n...\nc\n")
    assert not _matches("a\nb\nc\n", "a\nc\n")
    assert not _matches("a\nb\n", "a\n...\nc\n")
