"""The playground as a folder that any web server can show, without a network.

    python tools/build_playground.py [--out build/playground]
    python -m http.server --bind 127.0.0.1 --directory build/playground

The front end of the language runs in the browser, in Pyodide; Graphviz lays out drawings there.
Both are of npm, and the Python packages of PyPI; each is fetched once, and refused if it is not
what was pinned here.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache/playground"
SOURCES = ROOT / "docs/playground"
MARK = "playground.js"  # what only a folder that was built has
DATE = (2000, 1, 1, 0, 0, 0)  # in archives, so that the same files give the same bytes


@attrs.frozen
class Package:
    """What is fetched: the file's name and its digest, and what of it is for the browser."""

    name: str
    version: str
    file: str
    digest: str
    kept: tuple[str, ...]
    licence: str

    @property
    def path(self) -> Path:
        return CACHE / self.file

    def is_whole(self) -> bool:
        """Whether it is here, as it was pinned."""
        if not self.path.is_file():
            return False
        kind, _, wanted = self.digest.partition("-")
        found = hashlib.new(kind, self.path.read_bytes()).digest()
        return base64.b64encode(found).decode() == wanted


NPM = (
    Package(
        "pyodide",
        "314.0.7",
        "pyodide-314.0.7.tgz",
        "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A==",
        (
            *("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"),
            *("python_stdlib.zip", "pyodide-lock.json"),
        ),
        "MPL-2.0, and of Python, PSF-2.0",
    ),
    Package(
        "@viz-js/viz",
        "3.31.0",
        "viz-js-viz-3.31.0.tgz",
        "sha512-r7zlQdRvcwvIpjHGgs+KNWHeE/P5/Dq7k8ZAKaMCbZqomxCBJV78gVuQYaHzFVca+kB0mX0fMW9UFevCOBG50A==",
        ("dist/viz.js",),
        "MIT, and of Graphviz, EPL-2.0",
    ),
)
PYPI = (
    Package(
        "attrs",
        "26.1.0",
        "attrs-26.1.0-py3-none-any.whl",
        "sha256-xkeqShLfutkzPKTnH+Yt3Db05jstJgo3qLg9LwQ6wwk=",
        ("attr/", "attrs/"),
        "MIT",
    ),
    Package(
        "graphviz",
        "0.21",
        "graphviz-0.21-py3-none-any.whl",
        "sha256-VPM96fT5EdfoTkGRdJysjMVlP4FbBnOMVNuaFauLHkI=",
        ("graphviz/",),
        "MIT",
    ),
)
OURS = (
    "__init__.py",
    "reading.py",
    "lazy.py",
    "lang/**/*.py",
    "graph/**/*.py",
    "watch/__init__.py",
)
OURS += ("watch/view.py",)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build/playground")
    out = parser.parse_args().out
    if out.exists() and not (out / MARK).exists() and any(out.iterdir()):
        raise SystemExit(f"{out} is not empty, and no playground: name another folder")
    fetch_all()
    build(out)
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{out}: {size / 1e6:.1f} MB; to see it:")
    print(f"  python -m http.server --bind 127.0.0.1 --directory {out}")


def build(out: Path) -> None:
    """Write the folder, which appears whole, in place of one that was built before."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        made = Path(temporary, "playground")
        made.mkdir(mode=0o755)
        for name, data in files():
            (made / name).write_bytes(data)
        if out.exists():
            out.rename(Path(temporary, "old"))
        made.rename(out)


def files() -> Iterator[tuple[str, bytes]]:
    for path in sorted(SOURCES.iterdir()):
        if path.suffix in (".html", ".css", ".js"):
            yield path.name, path.read_bytes()
    for style in ("report/style.css", "watch/view.css"):
        yield Path(style).name, (ROOT / "autorecon" / style).read_bytes()
    spaces = {path.stem: path.read_text("utf-8") for path in sorted(ROOT.glob("spaces/*.space"))}
    yield "spaces.json", json.dumps(spaces).encode()
    yield "python.zip", python_archive()
    for package in NPM:
        with tarfile.open(package.path) as archive:
            for name in package.kept:
                found = archive.extractfile(f"package/{name}")
                assert found, name
                yield Path(name).name, found.read()
    lines = [f"{p.name} {p.version}: {p.licence}" for p in (*NPM, *PYPI)]
    yield "LICENCES.txt", "\n".join(["Of others:", *lines, ""]).encode()


def python_archive() -> bytes:
    """The packages that Python imports in the browser."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in python_files():
            archive.writestr(zipfile.ZipInfo(name, DATE), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def python_files() -> Iterator[tuple[str, bytes]]:
    yield "playground.py", (SOURCES / "playground.py").read_bytes()
    for pattern in OURS:
        for path in sorted((ROOT / "autorecon").glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path.read_bytes()
    for path in sorted([*ROOT.glob("grammars/*"), *ROOT.glob("spaces/*.space")]):
        yield f"autorecon/{path.relative_to(ROOT).as_posix()}", path.read_bytes()
    for package in PYPI:
        with zipfile.ZipFile(package.path) as wheel:
            for name in wheel.namelist():
                if name.startswith(package.kept) and name.endswith(".py"):
                    yield name, wheel.read(name)


def fetch_all() -> None:
    """What is not here yet; SystemExit where it cannot be had, or is not what was pinned."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for package in NPM:
        name = f"{package.name}@{package.version}"
        _fetch(package, ["npm", "pack", "--silent", "--pack-destination", str(CACHE), name])
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    for package in PYPI:
        _fetch(package, [*pip, "-d", str(CACHE), f"{package.name}=={package.version}"])


def _fetch(package: Package, command: list[str]) -> None:
    if package.is_whole():
        return
    if not shutil.which(command[0]):
        raise SystemExit(f"`{command[0]}` is not there: it fetches {package.name}")
    package.path.unlink(missing_ok=True)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"cannot fetch {package.name} {package.version}:\n{done.stderr.strip()}")
    if not package.is_whole():
        raise SystemExit(f"{package.path} is not what was pinned ({package.digest})")


if __name__ == "__main__":
    main()
