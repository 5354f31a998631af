from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from xml.etree import ElementTree

import attrs
import pytest

from autorecon.graph import Space, load
from autorecon.graph.draw.draw import dot_source
from autorecon.graph.draw.render import DrawError, render, svg

SPACES = Path(__file__).parents[3] / "spaces"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def paper() -> Space:
    return load(SPACES / "paper.space")


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    """A machine without Graphviz and an environment that is not activated."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@pytest.fixture
def fake_dot(monkeypatch, tmp_path):
    """A `dot` of the test's own making."""

    def install(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "dot").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "dot").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return install


def titles(text: str, kind: str) -> list[str]:
    groups = ElementTree.fromstring(text).iter(f"{SVG}g")
    return [g.findtext(f"{SVG}title") for g in groups if g.get("class") == kind]


def test_svg_without_dot_has_every_node_edge_and_block(paper, no_dot):
    text = svg(paper)
    assert text.startswith("<svg")
    assert sorted(titles(text, "node")) == sorted(paper.nodes)
    assert sorted(titles(text, "edge")) == sorted(f"{e.source}->{e.target}" for e in paper.edges)
    assert {"cluster_B1", "cluster_B2", "cluster_B3"} <= set(titles(text, "cluster"))
    shown = "".join(ElementTree.fromstring(text).itertext())
    assert all(name in shown for name in [*paper.nodes, "B2.n1", "conv5 d2", "bridges"])


def test_svg_is_well_formed_whatever_the_names(paper, no_dot):
    space = Space(attrs.evolve(paper.program, name='a<b>&"c\\', of="]]><x>&amp;"))
    assert 'a<b>&"c\\' in "".join(ElementTree.fromstring(svg(space)).itertext())


def test_files(paper, no_dot, tmp_path):
    for name in ("paper.dot", "paper.svg", "deep/er/paper.PNG"):
        render(paper, tmp_path / name)
    assert (tmp_path / "paper.dot").read_text("utf-8") == dot_source(paper)
    assert (tmp_path / "paper.svg").read_text("utf-8") == svg(paper)
    assert (tmp_path / "deep/er/paper.PNG").read_bytes().startswith(b"\x89PNG\r\n")


def test_dot_is_preferred_and_gives_pdf(paper, fake_dot, tmp_path):
    fake_dot('echo "drawn with $1"')
    render(paper, str(tmp_path / "paper.pdf"))
    assert (tmp_path / "paper.pdf").read_text() == "drawn with -Tpdf\n"


@pytest.mark.parametrize("name", ["paper.jpg", "paper", "paper.space"])
def test_an_unknown_ending_lists_the_possible(paper, tmp_path, name):
    with pytest.raises(DrawError, match=r"\.dot, \.svg, \.png, \.pdf") as caught:
        render(paper, tmp_path / name)
    assert caught.value.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_pdf_needs_dot(paper, no_dot, tmp_path):
    with pytest.raises(DrawError, match=r"needs the `dot` command.*or draw to \.svg"):
        render(paper, tmp_path / "paper.pdf")


def test_without_any_engine(paper, no_dot, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(DrawError, match="pip install graphviz-pure"):
        svg(paper)
    render(paper, tmp_path / "paper.dot")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo noise >&2; echo 'no layout' >&2; exit 1", "could not draw a svg file: no layout"),
        ("exit 3", "exit code 3"),
        ("exit 0", "could not draw a svg file"),
        ("kill -9 $$", "exit code -9"),
    ],
)
def test_a_failing_engine_leaves_the_old_file(paper, fake_dot, tmp_path, script, message):
    fake_dot(script)
    target = tmp_path / "paper.svg"
    target.write_text("old")
    with pytest.raises(DrawError, match=message):
        render(paper, target)
    assert target.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bin", "paper.svg"]


def test_output_that_is_no_drawing(paper, fake_dot):
    fake_dot("echo hello")
    with pytest.raises(DrawError, match="no SVG"):
        svg(paper)


def test_an_engine_that_hangs_is_ended(paper, fake_dot, monkeypatch):
    monkeypatch.setattr("autorecon.graph.draw.render.TIME_LIMIT", 0.2)
    fake_dot("exec /bin/sleep 20")
    with pytest.raises(DrawError, match=r"more than 0\.2 seconds"):
        svg(paper)


def test_an_engine_that_cannot_run(paper, fake_dot, tmp_path):
    fake_dot("")
    (tmp_path / "bin/dot").write_text("#!/no/such/shell\n")
    with pytest.raises(DrawError, match="cannot run"):
        svg(paper)


def test_a_place_that_cannot_be_written(paper, no_dot, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DrawError, match="cannot write"):
        render(paper, tmp_path / "file" / "paper.dot")
    (tmp_path / "paper.dot").mkdir()
    with pytest.raises(DrawError, match="cannot write"):
        render(paper, tmp_path / "paper.dot")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "paper.dot"]
