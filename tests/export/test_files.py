"""Exported files: what they compute elsewhere, and that nothing else is ever written."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from onnxruntime import InferenceSession
from torch import nn

import autorecon
from autorecon.export import ExportError, archive, export, files, onnx_model
from autorecon.export.check import compare, compare_training
from autorecon.lang.operations.merges import OWN_MERGES
from autorecon.lang.operations.spec import OWN
from autorecon.runs import load_weights

ALONE = """
import sys
sys.modules["autorecon"] = None  # any import of it fails
import torch
from safetensors.torch import load_file
from mine import Dcgan

net = Dcgan()
net.load_state_dict(load_file("mine.safetensors"))
archive = torch.export.load("mine.pt2").module()
z = torch.linspace(-1, 1, 15).view(5, 3)
with torch.no_grad():
    images = net.eval()(z), archive(z, torch.zeros(5, dtype=torch.long))
print([float(i.square().sum()) for i in images])
"""


@pytest.fixture
def net(everything, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained = autorecon.generator(everything, seed=0)
    with torch.no_grad():
        for _ in range(3):
            trained(*trained.example_inputs(8))
        for p in trained.parameters():
            p.add_(0.05 * torch.randn(p.shape))
    return trained


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return autorecon.generator(autorecon.load("dcgan", size=16, width=2, latent=3), seed=0)


def onnx_run(path, **inputs):
    from onnx import load
    from onnx.reference import ReferenceEvaluator

    arrays = {name: tensor.numpy() for name, tensor in inputs.items()}
    return torch.from_numpy(ReferenceEvaluator(load(path)).run(None, arrays)[0])


def test_files_work_where_there_is_no_autorecon(tiny):
    assert export(tiny, "mine.py").paths == (Path("mine.py"), Path("mine.safetensors"))
    assert export(tiny, "mine.pt2").difference < 1e-5
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    z, y = torch.linspace(-1, 1, 15).view(5, 3), torch.zeros(5, dtype=torch.long)
    expected = float(tiny.eval()(z, y).detach().square().sum())
    found = [float(number) for number in done.stdout.strip("[]\n").split(", ")]
    assert found == pytest.approx([expected] * 2)


def test_every_operation_trained_for_a_while(net):
    assert export(net, "everything.py").difference < 1e-4


def test_onnx_divides_no_zero_by_zero(tmp_path: Path) -> None:
    text = (
        "space a\ninput z [1, 2, 2]: noise\noutput image [1, 2, 2]\n"
        "link z -> image = relu >> pixel_norm\n"
    )
    net = autorecon.generator(autorecon.loads(text))
    export(net, tmp_path / "a.onnx")
    z, y = net.example_inputs(2)
    inputs = {"z": -z.abs().numpy(), "y": y.numpy()}
    (images,) = InferenceSession(tmp_path / "a.onnx").run(None, inputs)
    assert not images.any()


def test_onnx_takes_any_batch_and_has_our_names_and_no_paths(net):
    from onnx import load

    assert export(net, "mine.onnx").difference < 1e-5
    z, y = net.example_inputs(7)
    # onnx's own evaluator is wrong about transposed convolutions in groups.
    (images,) = InferenceSession("mine.onnx").run(None, {"z": z.numpy(), "y": y.numpy()})
    torch.testing.assert_close(
        torch.from_numpy(images), net.eval()(z, y).detach(), atol=2e-5, rtol=1e-5
    )
    graph = load("mine.onnx").graph
    assert [value.name for value in (*graph.input, *graph.output)] == ["z", "y", "images"]
    batch = [value.type.tensor_type.shape.dim[0].dim_param for value in graph.input]
    assert batch == ["batch", "batch"]
    assert "code->v.linear-elu_alpha0p5-selu.linear.weight" in {w.name for w in graph.initializer}
    assert b"autorecon" not in Path("mine.onnx").read_bytes()


def test_one_batch_and_double_precision(tiny):
    export(tiny.double(), "mine.pt2", batch=3)
    program = torch.export.load("mine.pt2").module()
    z, y = torch.randn(4, 3).double(), torch.zeros(4, dtype=torch.long)
    torch.testing.assert_close(program(z[:3], y[:3]), tiny.eval()(z[:3], y[:3]))
    with pytest.raises((RuntimeError, AssertionError)):
        program(z, y)
    with pytest.raises(ExportError, match="leave the batch out"):
        export(tiny, "mine.py", batch=3)


def test_exporting_leaves_the_generator_as_it_is(tiny):
    tiny.train()
    before = {name: tensor.clone() for name, tensor in tiny.state_dict().items()}
    export(tiny, "mine.py")
    assert tiny.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in tiny.state_dict().items())


def test_files_that_are_there_are_kept_unless_forced(tiny):
    Path("mine.safetensors").write_text("mine")
    with pytest.raises(ExportError, match=r"mine\.safetensors is there already"):
        export(tiny, "mine.py")
    assert [p.name for p in Path().iterdir()] == ["mine.safetensors"]
    export(tiny, "mine.py", force=True)
    assert "z->n1.linear_nobias.weight" in load_weights("mine.safetensors")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine.pth", "name a file that ends in .onnx, .pt2, .py"),
        ("my-net.py", "my-net cannot be imported"),
        ("import.py", "import cannot be imported"),
    ],
)
def test_names_of_files(tiny, name, message):
    with pytest.raises(ExportError, match=message):
        export(tiny, name)
    assert not list(Path().iterdir())


@pytest.mark.parametrize(("ending", "home"), [(".py", files), (".pt2", archive)])
def test_nothing_is_written_that_computes_something_else(tiny, monkeypatch, ending, home):
    def wrong(*args):
        raise ExportError("images differ")

    monkeypatch.setattr(home, "compare", wrong)
    with pytest.raises(ExportError, match="images differ"):
        export(tiny, f"mine{ending}")
    assert not list(Path().iterdir())


class Shifted(nn.Module):
    """A generator that is off by a little, or only in its statistics."""

    def __init__(self, net, by=0.0):
        super().__init__()
        self.net, self.by = net, by

    def forward(self, z, y):
        return self.net(z, y) + self.by

    def state_dict(self, *args, **kwargs):
        return {name: tensor + 0.01 for name, tensor in self.net.state_dict().items()}


def test_differences_are_found(tiny):
    tiny.eval()
    assert compare(tiny, tiny, [1, 3], "x") == 0.0
    with pytest.raises(ExportError, match="images differ by"):
        compare(tiny, Shifted(tiny, 1e-3), [3], "x")
    with pytest.raises(ExportError, match="images differ by nan"):
        compare(tiny, Shifted(tiny, float("nan")), [3], "x")
    with pytest.raises(ExportError, match="images differ by inf"):
        compare(tiny, lambda z, y: tiny(z, y)[:1], [3], "x")
    with pytest.raises(ExportError, match="its statistics differ"):
        compare_training(tiny, Shifted(tiny), "x")


def test_packages_that_are_missing_are_named(tiny, monkeypatch):
    monkeypatch.setattr(onnx_model, "find_spec", lambda name: None)
    with pytest.raises(
        ExportError, match=r"needs onnx and onnxscript: pip install 'autorecon\[exp"
    ):
        export(tiny, "mine.onnx")


@pytest.fixture
def own_operation():
    def branching(source, target):
        "Does what no exporter can follow."

        class Branching(nn.Module):
            def forward(self, x):
                return x if x.sum() > 0 else -x

        return autorecon.OpPlan(source, Branching)

    autorecon.op(branching)
    yield autorecon.loads(
        "space s\ninput z [4]: noise\noutput image [4]\nlink z -> image = branching\n"
    )
    OWN.clear()


def doubled(code: str) -> autorecon.Space:
    """A space with an operation of one's own that gives this code."""

    def doubling(source, target):
        def build():
            return nn.Sequential(nn.Linear(4, 4), nn.ReLU())

        return autorecon.OpPlan(source, build, parameters=20, macs=16, code=code)

    autorecon.op(doubling)
    text = "space s\ninput z [4]: noise\noutput image [4]\nlink z -> image = tanh >> doubling\n"
    return autorecon.loads(text)


def test_an_operation_of_ones_own_is_exported_as_its_code(tmp_path):
    space = doubled("nn.Sequential(nn.Linear(4, 4), nn.ReLU())")
    try:
        found = export(autorecon.generator(space, seed=0), tmp_path / "mine.py")
    finally:
        OWN.clear()
    assert found.difference == 0
    assert "nn.Linear(4, 4), nn.ReLU()" in found.paths[0].read_text()


def test_a_merge_of_ones_own_is_exported_as_its_code(tmp_path):
    def joined(sources, target, how: str):
        def build():
            return Joined(how)

        code = (
            f"type('Joined', (nn.Module,), {{'forward': lambda self, a, b: torch.{how}(a, b)}})()"
        )
        return autorecon.OpPlan(sources[0], build, code=code)

    class Joined(nn.Module):
        def __init__(self, how: str) -> None:
            super().__init__()
            self.how = how

        def forward(self, a, b):
            return getattr(torch, self.how)(a, b)

    joined.__annotations__ = {"how": str}
    autorecon.op(joined)
    text = (
        'space s\ninput z [4]: noise\nnode a [4]\noutput image [4] merge joined("maximum")\n'
        "link z -> a = linear\nlink a -> image = tanh\nlink z -> image = identity\n"
    )
    try:
        net = autorecon.generator(autorecon.loads(text), seed=0)
        for ending in ("py", "pt2", "onnx"):
            found = export(net, tmp_path / f"mine.{ending}")
            assert found.difference < 1e-6
    finally:
        OWN_MERGES.clear()
    assert "torch.maximum(a, b)" in (tmp_path / "mine.py").read_text()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Doubling(4)", "the `code` of `doubling` does not make .*: NameError"),
        ("nn.Sequential(nn.Linear(4, 5))", "does not make .*: RuntimeError"),
        ("nn.Linear(", "does not make .*: SyntaxError"),
        ("nn.Sequential(nn.Linear(4, 4))", "would compute something else"),
    ],
)
def test_code_that_makes_something_else_is_told(code, message, tmp_path):
    try:
        with pytest.raises(ExportError, match=message):
            export(autorecon.generator(doubled(code), seed=0), tmp_path / "mine.py")
    finally:
        OWN.clear()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        (".py", "`branching` is an operation of your own .* export to .pt2 or .onnx"),
        (".pt2", "torch cannot export s with your own `branching` to mine.pt2"),
    ],
)
def test_operations_that_cannot_be_exported_are_named(
    own_operation, tmp_path, monkeypatch, ending, message
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportError, match=message):
        export(autorecon.generator(own_operation), f"mine{ending}")
    assert not list(Path().iterdir())


def test_nodes_may_be_called_as_torchs_own_attributes(tmp_path):
    names = ["code", "graph", "meta", "forward", "training"]
    links = [f"link {one} -> {other} = conv(1)" for one, other in pairwise(names)]
    text = f"""space named(classes = 3)
input z [4]: noise
input y: label(classes)
node {", ".join(names)} [4, 4, 4] then bn >> relu
output image [1, 8, 8]
link z -> code = linear
link y -> code = embed
link training -> image = nearest >> conv(3) >> tanh
"""
    net = autorecon.generator(autorecon.loads(text + "\n".join(links)), seed=0)
    for ending in (".pt2", ".onnx"):
        assert export(net, tmp_path / f"net{ending}").difference < 1e-5
    assert {f"{name}.bn.weight" for name in names} <= net.state_dict().keys()
