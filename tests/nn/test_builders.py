"""What operations and merges compute, worked out by hand."""

from __future__ import annotations

import pytest
import torch

import autorecon
from autorecon.nn.executor import merge


def test_embed_is_one_vector_a_class():
    space = autorecon.loads("""space one()
    input z [4]: noise
    input y: label(3)
    node code [4] merge product
    output image [4]
    link z -> code = identity
    link y -> code = embed
    link code -> image = identity
    """)
    net = autorecon.generator(space, seed=0)
    z, y = net.example_inputs(5)
    table = net.state_dict()["y->code.embed.weight"]
    assert torch.equal(net(z, y), z * table[y])


def edge_of(op: str, sizes: str = "[8, 3, 4]"):
    """A net of one edge that takes its noise as it is, and its weights by short names."""
    label = "input y: label(3)" if "(y" in op else ""
    text = f"""space one
    input z {sizes}: noise
    {label}
    output image {sizes}
    link z -> image = {op}
    """
    net = autorecon.generator(autorecon.loads(text), seed=0)
    return net, {name.rpartition("->image.")[2]: p for name, p in net.named_parameters()}


def test_ccbn_normalises_by_shared_statistics_and_scales_by_class():
    net, weights = edge_of("ccbn(y, eps=0.8)")
    gamma, beta = weights["ccbn_y_eps0p8.gamma.weight"], weights["ccbn_y_eps0p8.beta.weight"]
    assert torch.equal(gamma, torch.ones(3, 8))
    assert torch.equal(beta, torch.zeros(3, 8))
    with torch.no_grad():
        gamma.copy_(torch.randn(3, 8))
        beta.copy_(torch.randn(3, 8))
    z, y = torch.randn(5, 8, 3, 4), torch.tensor([0, 2, 1, 2, 2])
    mean = z.mean((0, 2, 3), keepdim=True)
    variance = ((z - mean) ** 2).mean((0, 2, 3), keepdim=True)
    plain = (z - mean) / (variance + 0.8).sqrt()
    expected = torch.stack(
        [plain[i] * gamma[k][:, None, None] + beta[k][:, None, None] for i, k in enumerate(y)]
    )
    torch.testing.assert_close(net(z.flatten(1), y), expected)


@torch.no_grad()
def test_attention_starts_as_the_identity_and_sums_over_positions():
    net, weights = edge_of("attention")
    z, y = torch.randn(2, 8, 3, 4), torch.zeros(2, dtype=torch.long)
    assert torch.equal(net(z.flatten(1), y), z)
    weights["attention.gamma"].fill_(0.5)
    query, key, value, out = (
        weights[f"attention.{n}.weight"].flatten(1) for n in ("query", "key", "value", "out")
    )
    expected = z.flatten(2).clone()
    for image in expected:
        old = image.clone()
        for here in range(12):
            scores = torch.stack([(query @ old[:, here]) @ (key @ old[:, p]) for p in range(12)])
            mixed = sum(s * (value @ old[:, p]) for p, s in enumerate(scores.softmax(0)))
            image[:, here] += 0.5 * (out @ mixed)
    torch.testing.assert_close(net(z.flatten(1), y).flatten(2), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("op", ["conv(3, spectral=true, bias=false)", "linear(spectral=true)"])
def test_spectral_divides_by_the_largest_singular_value(op):
    net, weights = edge_of(op)
    z, y = net.example_inputs(2)
    for _ in range(200):  # a step of the power iteration each
        net(z, y)
    layer = next(m for m in net.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear))
    original = next(w for name, w in weights.items() if name.endswith("weight.original"))
    largest = torch.linalg.svdvals(original.flatten(1))[0]
    torch.testing.assert_close(layer.weight, original / largest, atol=1e-5, rtol=1e-3)


def test_a_super_net_passes_labels_to_candidates_and_nodes():
    space = autorecon.loads("""space s(classes = 3)
    input z [8]: noise
    input y: label(classes)
    node a [4, 2, 2] then ccbn(y) >> relu
    output image [4, 2, 2]
    link z -> a = linear
    link a -> image = ccbn(y) >> conv(3) | ccbn(y) | conv(1) | none
    """)
    net = autorecon.supernet(space, seed=0)
    assert "y" in space.live
    z, y = net.example_inputs(6)
    assert "a->image.ccbn_y-conv3.ccbn.gamma.weight" in net.state_dict()
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "beta" in name:
                p.copy_(torch.randn(p.shape))
    assert not torch.equal(net(z, y), net(z, (y + 1) % 3))


@pytest.mark.parametrize(("kind", "expected"), [("sum", 9.0), ("product", 24.0)])
def test_merges(kind, expected):
    parts = [torch.full((1, 2), value) for value in (2.0, 3.0, 4.0)]
    assert torch.equal(merge(kind, parts), torch.full((1, 2), expected))


def test_a_mean_is_over_the_edges_that_bring_something():
    space = autorecon.loads("""space s()
    input a [3]: noise
    input b [3]: noise
    input c [3]: noise
    output image [3] merge mean
    link a -> image = identity
    link b -> image = identity
    link c -> image = none
    """)
    z, y = torch.randn(2, 9), torch.zeros(2, dtype=torch.long)
    assert torch.equal(autorecon.generator(space)(z, y), (z[:, :3] + z[:, 3:6]) / 2)


def test_concat_keeps_the_order_of_edges():
    parts = [torch.zeros(1, 2), torch.ones(1, 1)]
    assert merge("concat", parts).tolist() == [[0.0, 0.0, 1.0]]
