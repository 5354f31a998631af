"""The page itself: what is shown, in which order, from one template."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from markupsafe import Markup

from autorecon.graph import Space
from autorecon.graph.draw.labels import exact_text, size_text
from autorecon.image_size import Size, show_size
from autorecon.lang.wording import plural
from autorecon.records.results import Data
from autorecon.report.course import JUDGE, rung_tables, worth
from autorecon.report.deployed import deployed, undeployed
from autorecon.report.embed import COLUMNS
from autorecon.report.figures import figure, generator_colours, search_figures, student_figures
from autorecon.report.inputs import Inputs, missing, read_inputs
from autorecon.report.panels import panel_groups
from autorecon.report.tables import measured_beside, model_rows, scale, site_groups, warnings
from autorecon.report.templates import templates
from autorecon.report.verdict import verdict
from autorecon.report.wording import measured_as, percent
from autorecon.runs import RunFolder, duration, write_text

EXCERPT = 60_000
"""Characters of a text file that the page holds; the rest is in the file."""


@attrs.frozen
class Drawing:
    """A space, drawn, with its text."""

    title: str
    file: str
    svg: Markup
    text: str


def write_report(folder: RunFolder) -> Path:
    """Make the run's report.html from what its folder holds, and give its path.

    Works on unfinished runs and says what they lack; the same files give the same bytes.
    Raises ReportError, or RunError of a metrics.jsonl that is none, naming the file.
    """
    return write_page(folder.path, render(read_inputs(folder)))


def write_page(folder: Path, text: str) -> Path:
    """Make a folder's report.html of a page's text, and give its path."""
    path = RunFolder(folder, {}).report_path
    # Names in files may hold half a character, which no encoding has.
    write_text(path, text.encode("utf-8", "replace").decode("utf-8"))
    return path


def render(inputs: Inputs, *, live: bool = False) -> str:
    """The page's HTML; a `live` one runs what the server of `autorecon watch` calls live.js."""
    return html("template.html", _context(inputs), live)


def html(template: str, context: dict[str, Any], live: bool) -> str:
    """What a template of a page makes of its context."""
    environment = templates()
    environment.filters.update(figure=figure, percent=percent, size=size_text, of_rows=_of_rows)
    source = environment.loader.get_source(environment, "script.js")[0]  # type: ignore[union-attr]
    script = {"source": Markup(source), "hash": _csp_hash(source)}
    return environment.get_template(template).render(context, script=script, live=live)


def _context(inputs: Inputs) -> dict[str, Any]:
    results, history = inputs.results, inputs.history
    colours = generator_colours(inputs.labels)
    teacher = results.teacher.accuracy if results else None
    found, drawings = _found(inputs), _drawings(inputs)
    return {
        "title": _title(inputs),
        "facts": _facts(inputs),
        "verdict": verdict(inputs),
        "warnings": warnings(inputs),
        "missing": missing(inputs),
        "results": results,
        "models": model_rows(results, colours) if results else [],
        "scale": scale(results, colours) if results else None,
        "measure": measured_as(results, inputs.folder.path) if results else "",
        "beside": measured_beside(results) if results else False,
        "deployed": deployed(inputs.evaluation) if results else None,
        "undeployed": undeployed(inputs),
        "found": found,
        "drawings": drawings,
        "search_figures": search_figures(history.search, inputs.space),
        "panel_groups": panel_groups(history.search, inputs.space) if inputs.space else [],
        "front": inputs.front,
        "trials": inputs.trials,
        "course": inputs.course,
        "rungs": rung_tables(inputs.course) if inputs.course else [],
        "worth": worth(inputs.course) if inputs.course else "",
        "student_figures": student_figures(history, colours, teacher),
        "grids": inputs.grids,
        "unshown": inputs.unshown,
        "columns": COLUMNS,
        "judge": JUDGE,
        "class_names": _class_names(inputs),
        "labelled": results is None or results.labelled,
        "sites": site_groups(results.sites) if results else ([], []),
        "settings": excerpt(inputs.folder.config_path.read_text("utf-8")),
        "command": _command(inputs),
    }


def _title(inputs: Inputs) -> str:
    space, results = inputs.space, inputs.results
    name = space.name if space else inputs.folder.path.resolve().name
    teacher = results.teacher.name if results else inputs.section("teacher").get("name")
    return f"{name} on {teacher}" if teacher else str(name)


def _facts(inputs: Inputs) -> list[tuple[str, str]]:
    results, space = inputs.results, inputs.space
    facts = []
    if space and not space.is_genotype:
        facts.append(("Search space", f"{exact_text(space.architectures)} architectures"))
    if results is None:
        return facts
    if results.search:
        facts.append(("Strategy", results.search.strategy))
    if results.teacher.changes:
        facts.append(("Teacher, as loaded", "; ".join(results.teacher.changes)))
    if results.rows:
        ranges = f", {results.ranges} ranges" if results.ranges else ""
        facts.append(("Method", results.method))
        facts.append(("Student", f"{results.compressed}{ranges}"))
    data = results.data
    facts.append(("Test data", _measured_on(data, results.teacher.size) if data else "none"))
    times = [f"{stage} {duration(seconds)}" for stage, seconds in results.seconds.items()]
    return [*facts, ("Time", ", ".join(times))] if times else facts


def _measured_on(data: Data, size: Size) -> str:
    images = plural(data.test_images, "image" if data.invented else "test image")
    return ", ".join(
        filter(
            None,
            (
                data.name,
                images,
                f"{size if isinstance(size, int) else show_size(size)} px",
                data.about,
            ),
        )
    )


def _found(inputs: Inputs) -> Drawing | None:
    """The generator that the run is about: the one found, or the one that it was given."""
    if inputs.genotype:
        searched = bool(inputs.history.search) or bool(inputs.results and inputs.results.search)
        title = "The discovered generator" if searched else "The generator"
        return _drawing(inputs.genotype, title, "genotype.space")
    if inputs.space and inputs.space.is_genotype:
        return _drawing(inputs.space, "The generator", "space.space")
    return None


def _drawings(inputs: Inputs) -> list[Drawing]:
    drawings = []
    if inputs.space and not inputs.space.is_genotype:
        drawings.append(_drawing(inputs.space, "The search space", "space.space"))
    if inputs.baseline:
        drawings.append(_drawing(inputs.baseline, "The human-designed generator", "baseline.space"))
    return drawings


def _drawing(space: Space, title: str, file: str) -> Drawing:
    from autorecon.graph.draw.inline import inline_svg
    from autorecon.graph.draw.render import DrawError, svg

    try:
        picture = Markup(inline_svg(svg(space), f"{title}, {space.name}"))
    except DrawError as error:
        picture = _NOT_SHOWN.format(error)
    # A drawing is the least of a page: what nobody foresaw takes no more from it.
    except Exception as error:
        picture = _NOT_SHOWN.format(f"drawing it ended in {type(error).__name__}: {error}")
    return Drawing(title, file, picture, excerpt(space.text))


_NOT_SHOWN = Markup('<p class="quiet note">Not shown: {}.</p>')


def _class_names(inputs: Inputs) -> Sequence[str]:
    results = inputs.results
    if results is None or not results.labelled:
        return ()
    if results.data and len(results.data.class_names) == results.teacher.classes:
        return results.data.class_names
    return [f"class {index}" for index in range(min(results.teacher.classes, 1000))]


def _of_rows(names: Sequence[str], classes: Sequence[int] | None) -> Sequence[str]:
    """The names of a picture's rows, which are all classes where it does not say."""
    return names if classes is None else [names[i] for i in classes if i < len(names)]


def _command(inputs: Inputs) -> str | None:
    command = inputs.folder.config.get("command")
    known = command in ("run", "search", "compress")
    return f"autorecon {command} --config {inputs.folder.config_path}" if known else None


def excerpt(text: str) -> str:
    """As much of a file's text as a page holds."""
    if len(text) <= EXCERPT:
        return text
    return f"{text[:EXCERPT]}\n... {len(text) - EXCERPT:,} more characters in the file"


def _csp_hash(source: str) -> str:
    """The source as Content-Security-Policy names it, so that no other script of the page runs."""
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode("ascii")
