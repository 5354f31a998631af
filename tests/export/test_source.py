"""Exported source computes what the generator does: images, gradients and statistics."""

from __future__ import annotations

import copy
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecon
from autorecon.export.names import Identifiers, class_name
from autorecon.export.source import loaded, source
from autorecon.graph.sampling.sample import valid_sample
from autorecon.lang import declared_parameters, shipped_spaces
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.syntax.parse import read_source

SMALL = {"size": 16, "width": 8, "classes": 3, "channels": 1, "latent": 10}


def states(net, z, y):
    """Images in training mode, gradients to the noise and the weights, and running statistics."""
    z = z.clone().requires_grad_()
    images = net.train()(z, y)
    (images.tanh() * torch.linspace(0, 1, images.numel()).view_as(images)).sum().backward()
    named = {name: p.grad for name, p in net.named_parameters() if p.grad is not None}
    buffers = {name: b.clone() for name, b in net.named_buffers()}
    evaluated = net.eval()(z.detach(), y)
    return [images, z.grad, evaluated, named, buffers]


def assert_same(space, seed=0):
    net = autorecon.generator(space, seed=seed).double()
    twin = loaded(source(net), net)
    assert list(twin.state_dict()) == list(net.state_dict())
    z, y = net.example_inputs(3, torch.Generator().manual_seed(seed))
    expected = states(copy.deepcopy(net), z.double(), y)
    torch.testing.assert_close(states(twin, z.double(), y), expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("name", shipped_spaces())
def test_shipped_spaces(name):
    declared = set(declared_parameters(read_source(shipped_spaces()[name])))
    space = autorecon.load(name, **{k: v for k, v in SMALL.items() if k in declared})
    assert_same(space.genotype(valid_sample(space, Random(3))))


def test_every_operation(everything):
    pipelines = [e.candidates[0] for e in everything.edges]
    pipelines += [n.then for n in everything.nodes.values() if n.then]
    assert {op.name for p in pipelines for op in p.ops} == set(CATALOGUE)
    assert_same(everything)


MAPS = ["conv(3)", "relu >> conv(1)", "identity", "bn >> sepconv(3) >> bn", "ccbn(y) >> conv(1)"]
THEN = ["", "then bn >> leaky_relu(0.2)", "then ccbn(y) >> prelu", "then instance_norm"]


@st.composite
def genotypes(draw):
    """Nodes of two resolutions, each with edges from a few that stand before it."""
    lines = ["space drawn(classes = 3)", "input y: label(classes)"]
    names = draw(st.sampled_from([("z",), ("z", "in_2"), ("y_1", "z", "x")]))
    lines += [f"input {name} [{size}]: noise" for size, name in enumerate(names, 3)]
    sizes: dict[str, int] = {}
    for index in range(draw(st.integers(1, 5))):
        node, size = f"n{index}", draw(st.sampled_from([4, 8]))
        merge = draw(st.sampled_from(["", "merge product ", "merge mean "]))
        lines.append(f"node {node} [4, {size}, {size}] {merge}{draw(st.sampled_from(THEN))}")
        lines += draw(_edges(node, size, sizes, names))
        sizes[node] = size
    lines += ["output image [1, 8, 8]", f"link {{{', '.join(names)}}} -> image = linear"]
    lines += ["link y -> image = embed"]
    lines += [f"link {node} -> image = bilinear >> conv(3) >> tanh" for node in sizes]
    return "\n".join(lines) + "\n"


@st.composite
def _edges(draw, node, size, sizes, names):
    lines = [f"link {draw(st.sampled_from(names))} -> {node} = linear"]
    for source_node in draw(st.sets(st.sampled_from(sorted(sizes)))) if sizes else ():
        same = sizes[source_node] == size
        chosen = draw(st.sampled_from(MAPS)) if same else "nearest >> conv(1)"
        lines.append(f"link {source_node} -> {node} = {chosen}")
    return lines


@settings(max_examples=15, deadline=None, derandomize=True)
@given(genotypes(), st.integers(0, 5))
def test_drawn_genotypes(text, seed):
    assert_same(autorecon.loads(text), seed)


def test_names_that_python_has_other_uses_for():
    space = autorecon.loads("""space tensor
input torch [2]: noise
input self: label(3)
block B { node lambda [4, 2, 2] then bn }
I = B
node I_lambda [4, 2, 2] then bn
node train [4, 2, 2] then bn
output y [4, 2, 2]
link torch -> {I.lambda, I_lambda, train} = linear
link self -> train = embed
link {I.lambda, I_lambda, train} -> y = conv(1)
""")
    assert_same(space)
    assert "class TensorNet(nn.Module)" in source(autorecon.generator(space))


def test_an_underscore_is_a_name_like_another():
    """Also beside noise that nothing reads, which has it for its name in Python."""
    assert_same(
        autorecon.loads("""space underscores
input _ [2]: noise
input unread [3]: noise
node __[0] [2, 4, 4] then bn
output image [2, 4, 4]
link _ -> __[0] = linear
link unread -> image = none
link __[0] -> image = conv(1)
""")
    )


def test_edges_that_share_their_weights_share_a_layer():
    space = autorecon.loads("""space shared
input z [4]: noise
node a, b, c [4, 4, 4] then bn
output image [4, 4, 4]
link z -> a = linear
link a -> b = relu >> conv(3)
link b -> c = relu >> conv(3)
link {b, c} -> image = conv(1)
share weights a -> b, b -> c
""")
    assert_same(space)
    text = source(autorecon.generator(space))
    assert text.count('self["a->b.relu-conv3.conv"]') == 2
    assert "b->c" not in text


def test_a_layer_that_edges_share_normalises_its_weight_once_a_call():
    text = """space shared
input z [4]: noise
node a, b [4, 4, 4]
output image [4, 4, 4]
link z -> a = linear
link a -> b = relu >> conv(3, spectral=true)
link b -> image = relu >> conv(3, spectral=true)
"""
    shared = autorecon.loads(f"{text}share weights a -> b, b -> image\n")
    assert_same(shared)
    assert "parametrize" in source(autorecon.generator(shared))
    assert "parametrize.cached" not in source(autorecon.generator(autorecon.loads(text)))


def test_edges_share_a_layer_at_different_resolutions():
    assert_same(
        autorecon.loads("""space shared
input z [4]: noise
node a [4, 2, 2] then relu
node b [4, 4, 4] then relu
output image [4, 8, 8]
link z -> a = linear
link a -> b = nearest >> conv(3)
link b -> image = nearest >> conv(3)
share weights a -> b, b -> image
""")
    )


@pytest.mark.parametrize("name", ["none", "None", "true_", "false"])
def test_no_class_is_called_as_a_word_of_python(name):
    assert class_name(name).endswith("Net")


def test_identifiers_are_different_where_names_are():
    names = Identifiers({"F"})
    found = [names[n] for n in ("a.b", "a_b", "a.b->c", "F", "lambda", "a.b", "__[0].b", "_[0, 1]")]
    assert found == ["a_b", "a_b_2", "a_b_to_c", "F_2", "lambda_", "a_b", "_0_b", "_0_1"]
    assert [class_name(n) for n in ("gdfq_cifar", "x")] == ["GdfqCifar", "X"]


def test_source_is_short_and_imports_what_it_uses():
    text = source(autorecon.generator(autorecon.load("dcgan", size=16, width=2)), "mine")
    assert max(map(len, text.splitlines())) <= 100
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imports == [
        "from __future__ import annotations",
        "import torch",
        "from torch import Tensor, nn",
        "from torch.nn import functional as F",
    ]
    assert "from mine import Dcgan" in text
    assert "y: Tensor | None = None" in text
