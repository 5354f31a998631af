from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from autorecon.records.course import Course, Entry, Rung, write_course
from autorecon.report import ReportError, write_report
from autorecon.runs import RunFolder

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\ud800'
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements with their attributes, text, and tags that are left open or closed wrongly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def report(run: RunFolder) -> Page:
    page = Page(write_report(run).read_text("utf-8"))
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def html(finished_once: RunFolder) -> str:
    return write_report(finished_once).read_text("utf-8")


def test_a_finished_run_shows_everything(html: str) -> None:
    text = Page(html).text
    for shown in (
        "tiny on lenet", "85.4 ± 0.6", "85.1 ± 0.3", "91.5", "427 k", "29 M",
        "seen on test data: not a result", "The discovered generator",
        "a -> b = conv(5, dilation=2)", "Architecture probabilities", "z->b", "conv5 d2",
        "Indecision of the edges", "Loss term ce",
        "Accuracy of the student", "Diversity of the images", "Generated images", "square",
        "In full precision", "autorecon run --config", "12 architectures",
    ):  # fmt: skip
        assert shown in text, shown
    assert "unfinished" not in text


def test_the_first_table_tells_what_is_quantized(
    finished: RunFolder, sample: SimpleNamespace
) -> None:
    assert "the largest that stay" not in report(finished).text
    left = [{"name": f"part{i}", "weights": 64 * i, "macs": 10**6 * (i == 0)} for i in range(5)]
    covered = {"weights": 1000, "weights_quantized": 990, "macs": 10**8, "left": left}
    covered |= {"macs_quantized": 99 * 10**6, "macs_of_both": 9 * 10**7}
    finished.results_path.write_text(json.dumps(sample.results(coverage=covered)))
    text = report(finished).text
    assert "At w3a3 and the largest that stay in full precision" in text
    shares = "99.0% of weights, 99.0% of multiply-accumulates, 90.0% with quantized values"
    assert text.count(f"{shares} part0 (1,000,000 MAC) part1 (64 weights)") == 2
    assert "part3" not in text


def test_images_of_no_class_are_not_said_to_be_of_one(
    finished: RunFolder, sample: SimpleNamespace
) -> None:
    finished.results_path.write_text(json.dumps(sample.results(labelled=False)))
    page = report(finished)
    assert "Images of no class in particular" in page.text
    assert "A row a class" not in page.text
    assert "square" not in page.text
    assert not any("of each class" in str(image["alt"]) for image in page.all("img"))


def test_nothing_is_fetched_and_one_known_script_runs(html: str) -> None:
    page = Page(html)
    addresses = [
        attributes[name]
        for _, attributes in page.elements
        for name in ("src", "href", "xlink:href", "srcset", "action", "data")
        if name in attributes
    ]
    assert len(addresses) >= 2
    assert all(re.match(r"data:image/png;base64,|#", str(address)) for address in addresses)
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", html)
    (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.all("meta")[2]["content"]
    assert f"script-src 'sha256-{digest}'" in str(policy)
    assert "default-src 'none'" in str(policy)


def test_the_same_files_give_the_same_bytes(html: str, finished_once: RunFolder) -> None:
    assert write_report(finished_once).read_text("utf-8") == html


def test_texts_from_files_stay_text(
    start: Callable[..., RunFolder], sample: SimpleNamespace, plain_drawings: None
) -> None:
    plain = HOSTILE.removesuffix("\ud800")
    run = start(teacher={"name": plain}, command=plain)
    row = sample.search_row(0)
    row["weights"] = {HOSTILE: 1.0}
    student = sample.student_row(plain, 0, 1) | {"warning": HOSTILE}
    sample.write_metrics(run, [row, student])
    run.results_path.write_text(json.dumps(hostile(sample.results(), ("format", "of"))))
    page = report(run)
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert page.text.count("<script>alert(1)</script>") > 20


def hostile(value: Any, kept: tuple[str, ...]) -> Any:
    """The same structure with every string replaced, keys too."""
    if isinstance(value, dict):
        return {key: item if key in kept else hostile(item, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, kept) for item in value]
    return HOSTILE if isinstance(value, str) else value


def test_labelled_for_those_who_do_not_see_it(html: str) -> None:
    page = Page(html)
    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in page.all("svg"))
    assert all(image.get("alt") for image in page.all("img"))
    assert all(header.get("scope") for header in page.all("th"))
    ids = [a["id"] for _, a in page.elements if "id" in a and "data-copy" not in a]
    copied = [button["data-copy"] for button in page.all("button")]
    assert set(copied) <= set(ids)
    assert len(copied) == len(set(copied))


def test_a_run_that_has_only_begun(start: Callable[..., RunFolder]) -> None:
    text = report(start()).text
    assert "The search has done 0 of 3 epochs." in text
    assert "No student has been trained yet." in text
    assert "results.json is not there" in text


def test_an_interrupted_compression(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start(search={})
    sample.write_metrics(run, [sample.student_row("mine", 7, 0)])
    text = report(run).text
    assert "mine, seed 7: 1 of 2 epochs." in text
    assert "Loss of the generator" in text
    assert "Architecture probabilities" not in text


def test_probabilities_without_the_space_are_missed_aloud(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start(compress={})
    sample.write_metrics(run, [sample.search_row(epoch) for epoch in range(3)])
    assert "space.space is not there" in report(run).text


def test_a_collapse_is_shown_above_all(html: str) -> None:
    text = Page(html).text
    warned = "discovered, seed 0: epoch 1: the generator collapsed (and 1 later warning)"
    assert text.index(warned) < text.index("Top-1 accuracy")


@pytest.mark.parametrize("labels", [True, False])
def test_agreement_stands_in_the_first_table(
    start: Callable[..., RunFolder], sample: SimpleNamespace, labels: bool
) -> None:
    run = start(command="compress")
    run.results_path.write_text(json.dumps(sample.results(**sample.agreeing(labels=labels))))
    text = report(run).text
    assert (
        "Agreement with the teacher in percent, on test images without labels" in text
    ) != labels
    assert text.count("Agreement with the teacher") == 1
    assert "folder:photos, 308 test images, 8 px, without labels" in text
    assert all(figure in text for figure in ("0.123", "93.0", "91.5" if labels else "100.0"))


def test_what_was_not_measured_has_no_columns(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start()
    values = sample.results(
        rows=[{"generator": "mine", "seed": 0}],
        summary=[{"generator": "mine", "runs": 1}],
        difference=None,
        data=None,
    )
    run.results_path.write_text(json.dumps(values))
    entries = [Entry("noise", judged=1.0), Entry("mine", judged=2.0)]
    rung = Rung(1.0, entries)
    write_course(
        run.path, Course(teacher="t", bits="w3a3", lengths=[1.0], rungs=[rung], winner="mine")
    )
    page = report(run)
    assert "mine was judged the best of 2 candidates; without test data nothing" in page.text
    assert f"Not measured on images: `autorecon evaluate {run.path} --data NAME` does" in page.text
    for name in ("Tuned", "Calibrated", "Best epoch", "Every seed", "Each seed", "accuracy on the"):
        assert name not in page.text


def test_invented_images_are_no_test_images(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start(command="compress")
    changes = sample.agreeing(invented=True)
    run.results_path.write_text(json.dumps(sample.results(**changes)))
    text = report(run).text
    assert "in percent, on invented images, not photographs: mean" in text
    assert "308 images, 8 px, not photographs: drawn" in text


def test_losses_that_are_not_finite_leave_gaps(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start(search={})
    lost = sample.student_row("mine", 0, 0) | {"generator.total": float("nan")}
    rows = [lost, sample.student_row("mine", 0, 1) | {"student.total": float("inf")}]
    sample.write_metrics(run, rows)
    assert "Loss of the student" in report(run).text


def test_a_picture_that_cannot_be_shown_is_a_line(
    finished: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is done by then: an error would keep everything else from whoever waited for it."""
    (finished.path / "images" / "discovered.png").write_text("<svg onload=alert(1)>")
    monkeypatch.setattr("autorecon.graph.draw.inline.SVG_LIMIT", 10)
    text = report(finished).text
    assert "The images of discovered are not shown" in text
    assert "is not a PNG image" in text
    assert "Not shown: the drawing of" in text


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("results.json", "{", "is not JSON"),
        ("results.json", "[" * 100_000, "is not JSON"),
        ("results.json", '{"format": 3}', "format 3"),
        ("results.json", '{"format": 1, "bits": "w3a3"}', "is not as it was written"),
        ("metrics.jsonl", '{"stage": "search", "epoch": 0, "weights": 3}\n', "search epoch"),
        ("metrics.jsonl", '{"stage": "compress/a/seed0", "epoch": "x"}\n', "compress/a/seed0"),
        ("metrics.jsonl", '{"stage": "compress/a/seed0", "epoch": 0, "x": 1' + "0" * 400 + "}\n",
         "compress/a/seed0"),
        ("space.space", "space tiny(", "space.space"),
        ("genotype.space", 'genotype g of "space.space"\nq -> r = conv(3)\n', "genotype.space"),
    ],
)  # fmt: skip
def test_malformed_files_are_named(
    finished: RunFolder, name: str, content: str, fault: str
) -> None:
    (finished.path / name).write_text(content)
    with pytest.raises(ValueError, match=re.escape(fault)) as caught:
        write_report(finished)
    assert caught.value.exit_code == 2  # type: ignore[attr-defined]
    assert fault in str(caught.value)
    assert name in str(caught.value)
    assert not finished.report_path.exists()


def test_metrics_of_another_space_are_refused(finished: RunFolder) -> None:
    text = finished.space_path.read_text().replace(
        "= nearest | bilinear", "= nearest | bilinear | bicubic"
    )
    finished.space_path.write_text(text)
    finished.genotype_path.unlink()
    with pytest.raises(ReportError, match=r"2 probabilities for z -> a, .* 3 options"):
        write_report(finished)


def test_the_page_begins_with_what_was_measured_where_it_runs(
    finished: RunFolder, sample: SimpleNamespace
) -> None:
    assert f"autorecon evaluate {finished.path}" in report(finished).text
    model = {
        "name": "lenet w3a3", "bytes": 61_000, "run_bytes": 122_000, "products": 5, "integer": 4,
        "score": {"accuracy": 85.25, "agreement": 93.5, "divergence": 0.1},
        "timings": [{"batch": 1, "median": 0.5, "spread": 0.02, "calls": 50}],
    }  # fmt: skip
    full = model | {"name": "lenet", "timings": [model["timings"][0] | {"median": 1.0}]}
    machine = {"engine": "onnxruntime 1.32", "threads": 1, "processor": "<b>CPU</b>"}
    measured = {"format": 1, "source": "r", "machine": machine, "model": model, "full": full}
    finished.evaluation_path.write_text(json.dumps(measured))
    text = report(finished).text
    for shown in (
        "61,000", "122,000", "85.25", "93.50", "0.5 ± 0.02", "2.00 times as fast 1 at a time",
        "4 of 5 convolutions and products", "onnxruntime 1.32, 1 thread of <b>CPU</b>",
    ):  # fmt: skip
        assert shown in text, shown
    assert text.index("Where it runs") < text.index("Result")
    finished.evaluation_path.write_text('{"format": 1, "source": "r", "problem": "no luck"}')
    assert "could not be measured: no luck" in report(finished).text
