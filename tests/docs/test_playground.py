"""The playground: in a real browser, where there is one and what it is made of was fetched; its
Python always."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest

import build_playground as playground
from browser import MISSING, Browser, browser

ROOT = Path(__file__).parents[2]
PAPER = (ROOT / "spaces/paper.space").read_text("utf-8")
SIZE = "161,475,125,529,959,543,232"
HEAD = "space p(size = 4)\ninput z [3, size, size]: noise\n"
SOUND = HEAD + "output x [3, size, size]\nlink z -> x = conv(3)\n"
FAULTY = SOUND.replace("conv", "conw")
FETCHED = all(package.is_whole() for package in (*playground.NPM, *playground.PYPI))
in_browser = pytest.mark.skipif(
    MISSING or not FETCHED, reason="needs chromium and `tools/build_playground.py`"
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("built") / "playground"
    playground.build(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Browser]:
    with browser() as page:
        page.open(address)
        page.wait(f"document.getElementById('figures').innerText.includes('{SIZE}')", seconds=300)
        settled(page)
        yield page


def settled(page: Browser) -> None:
    page.wait("document.body.ariaBusy === 'false'", seconds=300)


@pytest.fixture
def write(page: Browser) -> Callable[[str], str]:
    """Puts a text into the editor, and gives what is then said to be wrong with it."""

    def put(text: str) -> str:
        page.run(
            "const text = document.getElementById('text'); text.value = arguments[0];"
            "document.body.ariaBusy = 'true'; text.dispatchEvent(new Event('input'))",
            text,
        )
        settled(page)
        return page.run("return document.getElementById('faults').innerText")

    return put


@in_browser
def test_the_papers_space_is_counted_and_drawn(page: Browser, write: Callable[[str], str]) -> None:
    assert write(PAPER) == ""
    assert SIZE in page.run("return document.getElementById('figures').innerText")
    assert "B3.n5" in page.run("return document.querySelector('#drawing svg').textContent")
    assert page.run("return CSS.highlights.get('operation').size") > 10


@in_browser
def test_a_fault_has_its_caret_and_leads_to_its_place(
    page: Browser, write: Callable[[str], str]
) -> None:
    shown = write(FAULTY.replace("output", "# \N{GRINNING FACE}\noutput"))
    assert "error[E0202]: unknown operation `conw`" in shown
    assert "5 | link z -> x = conw(3)\n  |               ^^^^" in shown
    page.run("document.querySelector('.fault').click()")
    script = "const t = document.getElementById('text');"
    selected = page.run(script + "return t.value.slice(t.selectionStart, t.selectionEnd)")
    assert selected == "conw"


@in_browser
@pytest.mark.parametrize("text", ['use "{}"\n', "# {}\n", "{}\n", "space {}()\n"])
def test_words_of_a_text_are_never_markup(
    page: Browser, write: Callable[[str], str], text: str
) -> None:
    count = page.run("return document.querySelectorAll('img, script').length")
    for words in ("<img src=x onerror=window.taken=1>", "<script>window.taken=1</script>"):
        write(SOUND + text.format(words))
        write(text.format(words) + SOUND)
    assert page.run("return document.querySelectorAll('img, script').length") == count
    assert page.run("return window.taken") is None


@in_browser
def test_what_takes_too_long_is_stopped_and_what_comes_after_it_is_not(
    page: Browser, write: Callable[[str], str]
) -> None:
    many = ", ".join(f"a{i}" for i in range(8000))
    edges = f"edge t = conv(1) | conv(3)\nt z -> {{{many}}}\nt {{{many}}} -> x\n"
    said = write(f"{HEAD}output x [3, 4, 4]\nnode {many} [3, 4, 4]\n{edges}")
    assert re.search(r"given up: stopped after \d+ seconds", said)
    assert write(SOUND) == ""
    assert "84" in page.run("return document.getElementById('figures').innerText")


@in_browser
def test_texts_are_formatted(page: Browser, write: Callable[[str], str]) -> None:
    write(SOUND.replace("conv(3)", "conv( 3 )"))
    page.run("document.getElementById('format').click()")
    settled(page)
    assert page.run("return document.getElementById('text').value") == SOUND


@in_browser
def test_a_link_holds_the_text(page: Browser, write: Callable[[str], str], address: str) -> None:
    words = PAPER + "# \N{GRINNING FACE} \N{LATIN SMALL LETTER O WITH DIAERESIS}\n"
    write(words)
    page.run("document.getElementById('link').click()")
    fragment = page.wait("location.hash")
    assert len(fragment) < len(words)
    page.open(f"{address}?other{fragment}")
    page.wait("document.getElementById('text').value")
    assert page.run("return document.getElementById('text').value") == words
    page.run("location.hash = arguments[0]", fragment[:-9])
    page.wait("document.getElementById('status').innerText.includes('The link is damaged')")
    page.open(address)
    page.wait("document.body.ariaBusy === 'false'", seconds=300)


@in_browser
def test_nothing_is_loaded_from_elsewhere_and_nothing_is_refused(
    page: Browser, address: str
) -> None:
    loaded = page.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert len(loaded) > 4
    assert [name for name in loaded if not name.startswith((address, "data:"))] == []
    assert page.logs() == []


def test_its_python_needs_nothing_that_is_not_in_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground, "PYPI", ())
    zipfile.ZipFile(BytesIO(playground.python_archive())).extractall(tmp_path)
    program = "\n".join(
        [
            f"import sys; sys.path.insert(0, {str(tmp_path)!r})",
            "import json, autorecon, playground",
            f"assert autorecon.__file__.startswith({str(tmp_path)!r})",
            "seen = [json.loads(playground.look(text)) for text in json.load(sys.stdin)]",
            "tops = {name.partition('.')[0] for name in sys.modules}",
            "others = tops - set(sys.stdlib_module_names)",
            "print(json.dumps([seen, sorted(others), playground.tidy(' x')]))",
        ]
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", program],
        input=json.dumps([PAPER, FAULTY, 'use "paper.space"', ""]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    (paper, faulty, _, empty), others, tidied = json.loads(run.stdout)
    assert ["architectures", f"{SIZE}  (1.61e+20)"] in paper["rows"]
    assert paper["dot"].startswith("digraph")
    assert [PAPER[a:b] for a, b, kind in paper["colours"] if kind == "word"][:2] == ["space", "let"]
    fault = faulty["faults"][0]
    assert FAULTY[fault["start"] : fault["end"]] == "conw"
    assert "rows" not in faulty
    assert empty["faults"]
    assert tidied == '" x"'
    allowed = {"attr", "attrs", "autorecon", "graphviz", "playground", "__main__"}
    assert {name for name in others if not name.startswith("_")} <= allowed


def test_what_is_not_a_playground_is_not_replaced(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "mine").write_text("")
    monkeypatch.setattr(sys, "argv", ["build_playground.py", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="no playground: name another folder"):
        playground.main()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_was_fetched_is_what_was_pinned(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(playground, "CACHE", tmp_path)
    package = playground.PYPI[0]
    package.path.write_bytes(b"something else")
    assert not package.is_whole()
    write = f"import pathlib; pathlib.Path({str(package.path)!r}).write_bytes(b'another')"
    with pytest.raises(SystemExit, match="is not what was pinned"):
        playground._fetch(package, [sys.executable, "-c", write])
    with pytest.raises(SystemExit, match="cannot fetch attrs"):
        playground._fetch(package, [sys.executable, "-c", "raise SystemExit('no network')"])
