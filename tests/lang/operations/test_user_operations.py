"""Users' own operations: what the decorator makes of a function, and what it refuses."""

from __future__ import annotations

import sys

import pytest

from autorecon.lang import (
    LabelInput,
    OpError,
    OpPlan,
    Shape,
    Source,
    SpaceError,
    check,
    load_ops,
    op,
)
from autorecon.lang.operations.merges import OWN_MERGES
from autorecon.lang.operations.spec import OWN


@pytest.fixture(autouse=True)
def nothing_declared(monkeypatch):
    for own in (OWN, OWN_MERGES):
        for name in list(own):
            monkeypatch.delitem(own, name)
    yield
    OWN.clear()
    OWN_MERGES.clear()


def program(candidate: str, then: str = "relu", target: str = "[6, 4, 4]"):
    return check(
        Source(
            f"space s\ninput z [5]: noise\ninput y: label(3)\nnode a [4, 4, 4] then {then}\n"
            f"output image {target}\nlink z -> a = linear\n"
            f"link y -> image = embed\nlink a -> image = {candidate}\n"
        )
    )


def widened(source: Shape, target: Shape, factor: int, out: int | None = None, bias: bool = True):
    """Twice as wide, for example."""
    channels, *sides = source
    if channels % factor:
        raise ValueError(f"{factor} does not divide {channels} channels")
    out = out or target[0]
    return OpPlan((out, *sides), object, channels * out + bias, factor)


def test_arguments_shape_and_cost_come_from_the_function():
    op(widened)
    assert OWN["widened"].text == "widened(factor, out=..., bias=true)"
    assert OWN["widened"].about == "Twice as wide, for example."
    candidate = program("widened(2, bias=false) >> relu").edges[-1].candidates[0]
    assert candidate.text == "widened(2, bias=false) >> relu"
    assert candidate.key == "widened(2,bias=false)-relu"
    assert candidate.steps[-1].after == (6, 4, 4)
    assert (candidate.parameters, candidate.macs) == (24, 2)


@pytest.mark.parametrize(
    ("candidate", "code", "message"),
    [
        ("widened(3)", "E0401", "3 does not divide 4 channels"),
        ("widened(2, out=5)", "E0402", "into 5x4x4"),
        ("widened", "E0302", "misses `factor`"),
        ("widened(true)", "E0301", "must be a whole number"),
        ("widened(2, wide=3)", "E0302", "no argument `wide`"),
        ("widend(2)", "E0202", "did you mean `widened`"),
    ],
)
def test_misuse_in_a_space_is_a_fault_of_the_space(candidate, code, message):
    op(widened)
    with pytest.raises(SpaceError) as caught:
        program(candidate)
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert message in str(caught.value)


def test_open_arguments_are_those_of_the_target_at_every_place_of_a_pipeline():
    def fourfold(source: Shape, target: Shape):
        return OpPlan((4 * target[0], *source[1:]), object, 4 * target[0])

    op(fourfold)
    candidate = program("fourfold >> conv(1)").edges[-1].candidates[0]
    assert candidate.parameters == 24 + 24 * 6 + 6


def test_a_label_input_can_be_an_argument():
    def tinted(source: Shape, target: Shape, label: LabelInput):
        return OpPlan(source, object, label.classes * source[0])

    op(tinted)
    node = program("conv(3)", then="tinted(y)").nodes["a"]
    assert node.then is not None
    assert (node.then.text, node.then.labels) == ("tinted(y)", {"y"})
    assert (node.then.parameters, node.then.macs) == (12, 0)


def padded(source: Shape, target: Shape, how: str, side: str = "left"):
    if how not in ("zeros", "wrap"):
        raise ValueError(f"zeros or wrap, not {how}")
    return OpPlan(source, object)


def test_a_text_can_be_an_argument():
    op(padded)
    assert OWN["padded"].text == 'padded(how, side="left")'
    written = 'padded("wrap", side="a.b c") >> conv(3)'
    candidate = program(written).edges[-1].candidates[0]
    assert candidate.text == written
    assert candidate.key == "padded(~wrap,side=~a%2e%b%20%c)-conv3"


@pytest.mark.parametrize(
    ("candidate", "code", "message"),
    [
        ('padded("mirror")', "E0401", "zeros or wrap, not mirror"),
        ("padded(3)", "E0301", "must be a text in quotes, not 3"),
        ("padded(wrap)", "E0201", "unknown name `wrap`"),
        ('conv("3")', "E0301", 'must be a whole number, not "3"'),
    ],
)
def test_texts_that_are_none_and_numbers_that_are_texts(candidate, code, message):
    op(padded)
    with pytest.raises(SpaceError) as caught:
        program(candidate)
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert message in str(caught.value)


def attended(sources: tuple[Shape, ...], target: Shape, heads: int = 1):
    """The first by all others."""
    if len(sources) < 2:
        raise ValueError("it reads two or more")
    return OpPlan(sources[0], object, sum(s[0] for s in sources), heads)


def merged(merge: str, *edges: str):
    return check(
        Source(
            "space s\ninput z [5]: noise\nnode a, b [4, 4, 4]\nnode w [7]\n"
            f"node m [4, 4, 4] merge {merge}\noutput image [4, 4, 4]\n"
            "link z -> {a, b, w} = linear\n"
            f"link m -> image = relu\n" + "\n".join(f"link {edge}" for edge in edges) + "\n"
        )
    )


REST = ("b -> image = relu", "w -> image = linear", "a -> image = relu")


def test_of_sources_it_is_a_merge():
    op(attended)
    assert OWN_MERGES["attended"].text == "attended(heads=1)"
    assert "attended" not in OWN
    found = merged(
        "attended(2)", "a -> m = conv(3)", "w -> m = identity", "b -> m = identity", *REST
    )
    node = found.nodes["m"]
    assert node.merge.text == "attended(heads=2)"
    assert node.merged.sources == ((4, 4, 4), (7,), (4, 4, 4))
    assert (node.merged.parameters, node.merged.macs) == (15, 2)


@pytest.mark.parametrize(
    ("merge", "edges", "code", "message"),
    [
        ("attended", ["a -> m = relu"], "E0405", "it reads two or more"),
        ("attended", ["a -> m = relu", "b -> m = relu | none"], "E0405", "may be `none`"),
        ("attended", ["w -> m = identity", "a -> m = relu"], "E0402", "makes 7 of 7 and 4x4x4"),
        ("attnded", ["a -> m = relu"], "E0209", "did you mean `attended`"),
        ("widened(2)", ["a -> m = relu"], "E0209", "`widened` reads one value"),
        ("sum", ["a -> m = attended"], "E0202", "nodes merge: `node a [16, 8, 8] merge attended"),
    ],
)
def test_misuse_of_a_merge(merge, edges, code, message):
    op(attended)
    op(widened)
    with pytest.raises(SpaceError) as caught:
        merged(merge, *edges, *REST)
    assert code in [d.code for d in caught.value.diagnostics]
    assert message in str(caught.value)


def conv(source, target): ...
def film(sources, target): ...
def labelled(sources, target, y: LabelInput): ...
def untyped(source, target, kernel): ...
def listed(source, target, kernel: list): ...
def swapped(target, source): ...
def wrong_default(source, target, kernel: int = 0.5): ...
def usual_label(source, target, label: LabelInput = None): ...
def scattered(source, target, *kernel: int): ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (conv, "built into the language"),
        (film, "built into the language"),
        (labelled, "a merge reads a label by an edge"),
        (untyped, "`kernel` must be annotated"),
        (listed, "`kernel` must be annotated"),
        (swapped, "first two parameters"),
        (wrong_default, "is no int"),
        (usual_label, "must have none"),
        (scattered, "must be annotated"),
    ],
)
def test_functions_that_are_no_operation(function, message):
    with pytest.raises(OpError, match=message):
        op(function)
    assert not OWN


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (3, "returned a int, not an autorecon.OpPlan"),
        (OpPlan((4, 4), object), "not 1 or 3 whole numbers"),
        (OpPlan((4, 4, 0), object), "not 1 or 3 whole numbers"),
        (OpPlan((4, 4, 1 << 40), object), "not 1 or 3 whole numbers"),
        (OpPlan([4, 4, 4], object), "not 1 or 3 whole numbers"),
        (OpPlan((4, 4, 4), object, parameters=0.5), "must be whole numbers"),
    ],
)
def test_results_that_are_no_plan(result, message):
    def mine(source, target):
        return result

    op(mine)
    with pytest.raises(OpError, match=message):
        program("mine")


def test_a_function_that_fails_is_named():
    def mine(source, target):
        return source["channels"]

    op(mine)
    with pytest.raises(OpError, match="`mine` failed with TypeError"):
        program("mine")


def test_modules_are_imported_from_the_current_folder(tmp_path, monkeypatch):
    files = {
        "good_ops": "import autorecon\n@autorecon.op\ndef mine(source, target):\n"
        "    return autorecon.OpPlan(source, None)\n",
        "rival_ops": "import autorecon\n@autorecon.op\ndef mine(source, target): ...\n",
        "no_ops": "x = 1\n",
        "broken_ops": "1 / 0\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    load_ops("good_ops")
    load_ops("good_ops")
    assert OWN["mine"].origin == "good_ops.mine"
    for module, message in {
        "rival_ops": "an operation of good_ops.mine already",
        "no_ops": "declares no operations",
        "broken_ops": "ZeroDivisionError",
        "absent_ops": "cannot import absent_ops",
    }.items():
        with pytest.raises(OpError, match=message):
            load_ops(module)
