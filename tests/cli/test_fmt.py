"""`autorecon fmt` as a user meets it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autorecon.cli import cli
from autorecon.lang.fmt import printer

MESSY = (
    b"space  small # it is\ninput z [ 4 ]:noise\noutput image[3,8,8]\n\n\nlink z->image = linear"
)
NEAT = (
    b"space small  # it is\ninput z [4]: noise\noutput image [3, 8, 8]\n\n"
    b"link z -> image = linear\n"
)
FAULTY = b"space  faulty\nlet  = 3\n"


def fmt(*arguments: str | Path, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(cli, ["fmt", *map(str, arguments)], input=io.BytesIO(stdin))


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    path = tmp_path / "messy.space"
    path.write_bytes(MESSY)
    return path


def test_a_file_is_formatted_in_place_and_then_is_left_alone(messy: Path) -> None:
    messy.chmod(0o640)
    result = fmt(messy)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 formatted" in result.stderr
    assert messy.read_bytes() == NEAT
    assert messy.stat().st_mode & 0o777 == 0o640
    written = messy.stat().st_mtime_ns
    assert fmt(messy).exit_code == 0
    assert messy.stat().st_mtime_ns == written
    assert list(messy.parent.iterdir()) == [messy]


def test_check_lists_what_would_change_and_writes_nothing(messy: Path) -> None:
    (messy.parent / "neat.space").write_bytes(NEAT)
    result = fmt("--check", messy.parent)
    assert (result.exit_code, result.stdout) == (1, f"{messy}\n")
    assert "2 files: 1 would change, 1 as they should be" in result.stderr
    assert messy.read_bytes() == MESSY
    assert fmt("--check", messy.parent / "neat.space").exit_code == 0


def test_diff_shows_what_would_change_and_writes_nothing(messy: Path) -> None:
    result = fmt("--diff", messy)
    assert result.exit_code == 1
    lines = result.stdout.split("\n")
    assert {"-input z [ 4 ]:noise", "+input z [4]: noise"} <= set(lines)
    assert "\\ No newline at end of file" in lines
    assert messy.read_bytes() == MESSY
    messy.write_bytes(NEAT)
    again = fmt("--diff", messy)
    assert (again.exit_code, again.stdout) == (0, "")


def test_standard_input_to_standard_output() -> None:
    result = fmt("-", stdin=MESSY.replace(b"\n", b"\r\n"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes == NEAT.replace(b"\n", b"\r\n")
    assert fmt("--check", "-", stdin=NEAT).exit_code == 0
    checked = fmt("--check", "-", stdin=MESSY)
    assert (checked.exit_code, checked.stdout) == (1, "<stdin>\n")


def test_a_file_with_faults_is_left_as_it_is_and_the_others_are_formatted(messy: Path) -> None:
    faulty = messy.parent / "faulty.space"
    faulty.write_bytes(FAULTY)
    result = fmt(messy.parent)
    assert result.exit_code == 1
    assert "error[E0101]" in result.stderr
    assert "faulty.space:2:6" in result.stderr
    assert "1 with faults, left as they are" in result.stderr
    assert (faulty.read_bytes(), messy.read_bytes()) == (FAULTY, NEAT)


def test_it_needs_nothing_that_windows_lacks(messy: Path) -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('fcntl', 'pwd', 'resource')))\n"
        "from autorecon.cli import main; main()"
    )
    subprocess.run([sys.executable, "-c", code, "fmt", messy], check=True)
    assert messy.read_bytes() == NEAT


def test_a_folder_is_searched_for_space_files_that_are_not_hidden(messy: Path) -> None:
    folder = messy.parent
    for name in (".hidden/a.space", "below/b.space", "c.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(MESSY)
    result = fmt("--check", folder, messy)
    assert result.stdout.split() == [str(folder / "below/b.space"), str(messy)]


def test_what_the_formatter_would_break_stays(messy: Path, monkeypatch) -> None:
    monkeypatch.setattr(printer, "_layout", lambda *_: "space other\n")
    result = fmt(messy)
    assert result.exit_code == 2
    assert "internal error" in result.stderr
    assert messy.read_bytes() == MESSY


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        ((), b"", "name files or folders"),
        (("absent.space",), b"", "does not exist"),
        (("-",), b"\xff", "not UTF-8"),
    ],
)
def test_mistakes_of_use(arguments, stdin, message) -> None:
    result = fmt(*arguments, stdin=stdin)
    assert result.exit_code == 2
    assert message in result.stderr
