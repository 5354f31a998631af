"""`folder:PATH`: which pictures a path names, and which classes they are of."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from autorecon import data
from autorecon.data import DataError, Dataset, MissingDataError, Split
from autorecon.data.labels import UNKNOWN

SHAPE = (1, 4, 4)
HALF = (0.5,)


def put(*paths: Path) -> None:
    for grey, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), grey).save(path)


def opened(path: Path, classes: int = 3) -> Dataset:
    return data.open_own(f"folder:{path}", SHAPE, classes, HALF, HALF)


def greys(split: Split) -> list[int]:
    return split.images[0 : len(split)][:, 0, 0, 0].tolist()


def test_folders_named_by_an_index(tmp_path: Path) -> None:
    put(tmp_path / "010" / "a.png", tmp_path / "2" / "b.PNG", tmp_path / "2" / "deep" / "c.jpg")
    (tmp_path / "2" / "notes.txt").touch()
    (tmp_path / "2" / ".hidden.png").touch()
    found = opened(tmp_path, 11)
    assert found.test.labels is not None
    assert found.test.labels.tolist() == [10, 2, 2]
    assert (found.image_shape, found.class_names) == (SHAPE, ())
    assert (
        found.about == "labelled by 2 folders, named by the index of a class; 1 other file left out"
    )
    with pytest.raises(DataError, match="no train images"):
        _ = found.train


def test_folders_in_the_order_of_their_names(tmp_path: Path) -> None:
    put(tmp_path / "dog" / "1.png", tmp_path / "cat" / "2.png", tmp_path / "emu" / "3.png")
    found = opened(tmp_path)
    assert found.test.labels is not None
    assert found.test.labels.tolist() == [0, 1, 2]
    assert greys(found.test) == [1, 0, 2]
    assert found.class_names == ("cat", "dog", "emu")
    assert found.about.endswith("in the order of their names: cat is class 0, emu 2")


@pytest.mark.parametrize(
    ("folders", "told"),
    [
        (["cat", "dog"], "2 folders (cat, dog) and the teacher 3 classes: name each by the index"),
        (["0", "1", "x", "y"], "4 folders"),
        (["1", "2", "3"], "/3 is of class 3, and the teacher's 3 classes are 0 to 2"),
        (["1", "01"], "two folders for one class"),
    ],
)
def test_folders_that_are_no_classes(tmp_path: Path, folders: list[str], told: str) -> None:
    put(*(tmp_path / name / "a.png" for name in folders))
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    assert told in str(caught.value)


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    put(tmp_path / "b.png", tmp_path / "a.png")
    found = opened(tmp_path)
    assert (found.test.labels, greys(found.test)) == (None, [1, 0])
    assert found.about == "without labels"
    ((images, labels),) = found.in_order(found.test, 5)
    assert labels is None
    assert images[:, 0, 0, 0].tolist() == pytest.approx([1 / 127.5 - 1, -1])
    put(tmp_path / "more" / "c.png")
    with pytest.raises(DataError, match="has images, and folders of images beside them"):
        opened(tmp_path)


def test_a_list_with_and_without_labels(tmp_path: Path) -> None:
    put(tmp_path / "x" / "a 1.png", tmp_path / "b.png", tmp_path / "c.png")
    (tmp_path / "c.png").rename(tmp_path / "b 2")
    text = tmp_path / "list.txt"
    text.write_text(f"x/a 1.png\t2\n\n{tmp_path}/b.png 0\n", "utf-8")
    found = opened(text)
    assert found.test.labels is not None
    assert (found.test.labels.tolist(), greys(found.test)) == ([2, 0], [0, 1])
    assert found.about == "labelled by a list"
    text.write_text("b.png\nx/a 1.png\t2\n", "utf-8")
    found = opened(text)
    assert found.test.labels is not None
    assert found.test.labels.tolist() == [UNKNOWN, 2]
    assert found.about == "labelled by a list, 1 of 2"
    text.write_text("\ufeffb.png\r\nx/a 1.png\r\nb 2\r\n", "utf-8")
    found = opened(text)
    assert (found.test.labels, greys(found.test)) == (None, [1, 0, 2])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "lists no image"),
        ("a.png 3\n", "line 1: it is of class 3, and the teacher's 3 classes are 0 to 2"),
        ("a.png\tcat\n", "line 1: 'cat' is not the index of a class"),
        ("a.png\n\nb.png\n", "line 3: there is no file .*b.png"),
    ],
)
def test_lists_that_are_wrong(tmp_path: Path, text: str, told: str) -> None:
    put(tmp_path / "a.png")
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(DataError, match=told):
        opened(tmp_path / "list.txt")


def test_paths_that_name_no_images(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"there is no folder .*nothing"):
        opened(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"has no images: none of its files ends in .jpg"):
        opened(tmp_path)
    put(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a\.png is one image: name a folder"):
        opened(tmp_path / "a.png")
    (tmp_path / "model.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match=r"model\.bin is no text that lists images"):
        opened(tmp_path / "model.bin")
    (tmp_path / "b.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"cannot read the image .*b\.png"):
        opened(tmp_path)


def test_what_the_teacher_must_tell(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"teacher\.mean="):
        data.open_own(f"folder:{tmp_path}", SHAPE, 3, None, None)
    with pytest.raises(DataError, match="1 or 3 channels, and the teacher's images 4"):
        data.open_own(f"folder:{tmp_path}", (4, 4, 4), 3, HALF * 4, HALF * 4)


def test_images_without_labels_have_no_accuracy(tmp_path: Path) -> None:
    import torch

    put(tmp_path / "a.png")
    with pytest.raises(DataError, match="these images have no labels"):
        data.accuracy(torch.nn.Flatten(), opened(tmp_path))
