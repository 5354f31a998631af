"""docs/compress.ipynb is true: it runs from beginning to end, and shows what it promises."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATH = Path(__file__).parents[2] / "docs" / "compress.ipynb"


def test_it_is_kept_without_outputs() -> None:
    cells = nbformat.read(PATH, as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


# What Jupyter's own packages warn of is none of ours.
@pytest.mark.filterwarnings("ignore")
def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [str(PATH.parents[1]), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = nbformat.read(PATH, as_version=4)
    options = {"resources": {"metadata": {"path": str(tmp_path)}}}
    NotebookClient(book, timeout=120, kernel_name="python3", **options).execute()
    shown = [output for cell in book.cells for output in cell.get("outputs", ())]
    forms = [output.data for output in shown if output.output_type != "stream"]
    pages = [form["text/html"] for form in forms if "text/html" in form]
    assert sum("<table" in page for page in pages) == 2
    assert sum("image/svg+xml" in form for form in forms) == 2
    bars = [page for page in pages if "<progress" in page]
    assert [len(bars), len(pages)] == [2, 4]
    assert all("took" in bar for bar in bars)
    lines = [o.text for o in shown if o.output_type == "stream"]
    assert "".join(lines).count("\n") < 20
