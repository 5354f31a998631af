"""Pictures of every size and kind, cut to what a network takes, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from autorecon.data import DataError
from autorecon.data import pictures as module
from autorecon.data.pictures import Pictures


def decoded(path: Path, shape: tuple[int, int, int] = (3, 4, 4)) -> torch.Tensor:
    images = Pictures([str(path)], shape)[:1]
    assert images.shape == (1, *shape)
    assert images.dtype == torch.uint8
    return images[0]


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_becomes_what_the_teacher_takes(
    tmp_path: Path, mode: str, channels: int
) -> None:
    white = Image.new("RGB", (7, 5), "white")
    white = Image.new(mode, (7, 5), 0xFFFF) if mode == "I;16" else white.convert(mode)
    path = saved(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"), white)
    assert decoded(path, (channels, 4, 4)).float().min() >= 254


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    clear = saved(tmp_path / "clear.png", Image.new("RGBA", (4, 4), (255, 0, 0, 0)))
    half = saved(tmp_path / "half.png", Image.new("RGBA", (4, 4), (0, 0, 0, 128)))
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    keyed = saved(tmp_path / "keyed.png", palette, transparency=1)
    assert decoded(clear).min() == decoded(keyed).min() == 255
    assert decoded(half, (1, 4, 4)).float().mean() == pytest.approx(127, abs=1)


def test_sixteen_bits_are_the_upper_eight(tmp_path: Path) -> None:
    grey = Image.new("I;16", (4, 4), 0x8011)
    assert decoded(saved(tmp_path / "a.png", grey), (1, 4, 4)).unique().tolist() == [0x80]
    floats = saved(tmp_path / "f.tif", Image.new("F", (4, 4), 0.5))
    with pytest.raises(DataError, match=r"f\.tif: its pixels are of 32 bits"):
        decoded(floats)


def test_what_has_the_size_is_taken_as_it_is(tmp_path: Path) -> None:
    noise = torch.randint(256, (4, 6, 3), dtype=torch.uint8)
    image = Image.frombytes("RGB", (6, 4), bytes(noise.flatten().tolist()))
    path = saved(tmp_path / "a.png", image)
    assert torch.equal(decoded(path, (3, 4, 6)), noise.permute(2, 0, 1))


@pytest.mark.parametrize("size", [(512, 256), (256, 512), (300, 300)])
def test_the_centre_of_the_resized(tmp_path: Path, size: tuple[int, int]) -> None:
    """The inner 7/8 of the shorter side, and as much of the other."""
    width, height = size
    side = min(size)
    image = Image.new("L", size, 255)
    part = round(side * 7 / 8)
    left, top = (width - part) // 2, (height - part) // 2
    image.paste(0, (left, top, left + part, top + part))
    assert decoded(saved(tmp_path / "a.png", image), (1, 28, 28))[:, 1:-1, 1:-1].max() == 0
    assert decoded(tmp_path / "a.png", (1, 28, 14)).max() <= 255


def test_rectangles_keep_their_proportions(tmp_path: Path) -> None:
    """A circle stays one: as wide as it is high."""
    image = Image.new("L", (400, 200), 0)
    image.paste(255, (150, 50, 250, 150))
    shown = decoded(saved(tmp_path / "a.png", image), (1, 28, 56))[0] > 127
    assert abs(int(shown.any(0).sum()) - int(shown.any(1).sum())) <= 1
    assert int(shown.any(0).sum()) == pytest.approx(100 * 32 / 200, abs=1)


def test_a_turned_camera_is_turned_back(tmp_path: Path) -> None:
    image = Image.new("RGB", (4, 4), "black")
    image.paste((255, 255, 255), (0, 0, 4, 2))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    path = saved(tmp_path / "a.png", image, exif=exif)
    assert decoded(path)[0].float().mean(1).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"<svg/>", b"%!PS-Adobe-3.0 EPSF\n"]
)
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot read the image .*broken\.png: .*remove it"):
        Pictures([str(path)], (3, 4, 4)).check()


def test_a_picture_that_ends_early_is_named_when_it_is_decoded(tmp_path: Path) -> None:
    path = saved(tmp_path / "half.png", Image.effect_noise((64, 64), 90))
    path.write_bytes(path.read_bytes()[:-900])
    Pictures([str(path)], (1, 4, 4)).check()
    with pytest.raises(DataError, match=r"cannot read the image .*half\.png"):
        decoded(path, (1, 4, 4))


def test_bombs_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = saved(tmp_path / "bomb.png", Image.new("1", (20_000, 7_000)))
    assert bomb.stat().st_size < 100_000
    monkeypatch.setattr(Image.Image, "load", lambda *given: pytest.fail("was decoded"))
    with pytest.raises(DataError, match=r"bomb\.png promises 20000x7000 pixels"):
        Pictures([str(bomb)], (1, 4, 4)).check()


def test_what_would_grow_is_not_resized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PIXELS", 10_000)
    thread = saved(tmp_path / "thread.png", Image.new("L", (2000, 1)))
    with pytest.raises(DataError, match=r"thread\.png: 2000x1 pixels are no shape for 32x32"):
        decoded(thread, (1, 32, 32))


def test_no_more_is_decoded_than_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [saved(tmp_path / f"{i}.png", Image.new("L", (4, 4), i)) for i in range(5)]
    many = Pictures([str(path) for path in paths], (1, 4, 4))
    opened: list[str] = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda path, **kw: opened.append(path) or real(path, **kw))
    assert many[1:3][:, 0, 0, 0].tolist() == [1, 2]
    assert many[torch.tensor([4, 0])][:, 0, 0, 0].tolist() == [4, 0]
    assert [Path(path).stem for path in opened] == ["1", "2", "4", "0"]
