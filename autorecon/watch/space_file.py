"""A file that is being written, as a page: its faults, and what it was when it was sound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from autorecon.graph.space import Space, proved
from autorecon.lang import Source, check, find_space
from autorecon.lang.syntax.parse import read_source
from autorecon.watch.pages import page_of, stamp
from autorecon.watch.view import View


class _Asked(dict[Path, Source]):
    """Of the files that a text names none is open in an editor; which they are is remembered."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()

    def __contains__(self, path: object) -> bool:
        self.paths.add(Path(str(path)))
        return False


@attrs.define
class SpaceFile:
    """A `.space` file or a shipped space's name; read anew when it, or a file that it names, is
    another. SpaceError where there is none when watching begins."""

    name: str
    parameters: Mapping[str, Any]
    _path: Path = attrs.field(init=False)
    _asked: _Asked = attrs.field(factory=_Asked, init=False)
    _sound: View | None = attrs.field(default=None, init=False)
    _drawing: str = attrs.field(default="", init=False)
    _drawn: Space | None = attrs.field(default=None, init=False)
    _pen: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._path = find_space(self.name)

    @property
    def parts(self) -> Mapping[str, Callable[[], str]]:
        return {"/drawing": self.drawing}

    def tag(self) -> str:
        return stamp([self._path, *self._asked.paths])

    def page(self) -> str:
        view = View.of(self._read)
        if view.space:
            self._sound = view
        shown = self._sound.values() if self._sound else {}
        return page_of(self.name, **{**shown, **view.values(), "is_sound": bool(view.space)})

    def drawing(self) -> str:
        """That of the last sound text as an element of a page, or why there is none; "" before."""
        from autorecon.graph.draw.inline import inline_svg
        from autorecon.graph.draw.render import DrawError, svg

        with self._pen:
            space = self._sound and self._sound.space
            if space and space is not self._drawn:
                try:
                    self._drawing = inline_svg(svg(space), space.name)
                except DrawError as error:
                    self._drawing = f"Not shown: {error}."
                self._drawn = space
            return self._drawing

    def _read(self) -> Space:
        self._asked = _Asked()
        source = attrs.evolve(read_source(self._path), opened=self._asked)
        return proved(Space(check(source, self.parameters)))
