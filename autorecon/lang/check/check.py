"""Text -> checked program, of a space or of a genotype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from autorecon.lang.check.genotype import base_source, check_genotype
from autorecon.lang.check.space import check_space
from autorecon.lang.collection import without_collection
from autorecon.lang.elaborate.expressions import Number
from autorecon.lang.program.program import Program
from autorecon.lang.source import Source
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.parse import parse, read_source


def load_program(path: str | Path, parameters: Mapping[str, Number] | None = None) -> Program:
    """Read, parse and check a file; SpaceError with everything that is wrong with it."""
    return check(read_source(path), parameters)


def check(source: Source, parameters: Mapping[str, Number] | None = None) -> Program:
    """Parse and check a text. `parameters` replace the defaults of the header; SpaceError."""
    with without_collection():
        return check_file(parse(source), parameters)


def check_file(file: s.File, parameters: Mapping[str, Number] | None = None) -> Program:
    """The same of a text that is parsed already."""
    with without_collection():
        if isinstance(file.header, s.GenotypeHeader):
            return check_genotype(file, file.header, parameters or {})
        assert file.header is not None
        return check_space(file, file.header, parameters or {})[0]


def declared_parameters(source: Source) -> Iterable[str]:
    """Names that `--set` can give: the header's, or those of the space a genotype is of."""
    file = parse(source)
    if isinstance(file.header, s.SpaceHeader):
        return [p.name.text for p in file.header.parameters]
    assert file.header is not None
    return declared_parameters(base_source(file.header))
