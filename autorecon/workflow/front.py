"""The Pareto front of a search as files: a table, and every architecture on it as a genotype."""

from __future__ import annotations

from collections.abc import Mapping

from autorecon.graph import genotype
from autorecon.graph.architectures.ids import options
from autorecon.records.files import write_record
from autorecon.records.front import FrontRow
from autorecon.runs import RunFolder, write_text
from autorecon.search import Search
from autorecon.workflow.spaces import write_used


def write_front(folder: RunFolder, stage: Search, chosen: Mapping[str, str]) -> None:
    """front/01.space, ..., the cheapest first, the space that they are of, and front.json; nothing
    for strategies that seek one architecture. `chosen` is what the run goes on with."""
    members, space = stage.strategy.front(), stage.supernet.space
    if not members:
        return
    place = folder.front_path
    write_used(space, place)
    write_text(place / "space.space", space.text)
    rows = []
    for number, member in enumerate(members, 1):
        choices = options(space, member.picks)
        found = genotype(space, choices, of="space.space")
        path = place / f"{number:02}.space"
        write_text(path, found.text)
        row = FrontRow(
            f"{place.name}/{path.name}",
            space.architecture_id(found),
            choices == chosen,
            member.macs,
            member.parameters,
            dict(member.losses),
        )
        rows.append(row)
    write_record(folder.front_table_path, rows)
