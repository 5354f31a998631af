"""The super net: Eq. 3 and 4, the choices of Eq. 8, and what `none` costs."""

from __future__ import annotations

import random

import pytest
import torch
from torch.nn import functional as F

import autorecon
from autorecon.graph import derive_choices, genotype
from autorecon.nn import OneCandidate

TINY = {"size": 16, "width": 4, "classes": 3, "channels": 1, "latent": 6}


@pytest.fixture
def net():
    return autorecon.supernet(autorecon.load("paper", **TINY), seed=1).double().eval()


def inputs(net, batch=3):
    z, y = net.example_inputs(batch, torch.Generator().manual_seed(2))
    return z.double(), y


def slow_candidate(weights: dict, prefix: str, text: str, x, target):
    """One candidate of Table 1, from its text and the state dict alone."""
    if text in ("nearest", "bilinear"):
        corners = {"align_corners": False} if text == "bilinear" else {}
        return F.interpolate(x, size=target[1:], mode=text, **corners)
    if text == "identity":
        return x
    kernel, dilation = int(text[5]), 2 if "dilation" in text else 1
    key = f"{prefix}.conv{kernel}" + ("_d2" if dilation == 2 else "")
    padding = dilation * (kernel - 1) // 2
    return F.conv2d(x, weights[f"{key}.weight"], weights[f"{key}.bias"], 1, padding, dilation)


def slow_images(net, z, y, mixture):
    """Eq. 3 and 4 over the DAG of `space.graph`, in eval mode, candidates one by one."""
    w, graph = net.state_dict(), net.space.graph
    values = {"z": z, "code": z * w["y->code.embed.weight"][y]}
    for name in net.space.order:
        if name in ("z", "y", "code"):
            continue
        total = 0
        for source, _, key, edge in graph.in_edges(name, keys=True, data=True):
            x, shape = values[source], graph.nodes[name]["shape"]
            if name == "image":
                head = f"{key}.conv3-tanh-bn_noaffine"
                x = torch.tanh(
                    F.conv2d(x, w[f"{head}.conv.weight"], w[f"{head}.conv.bias"], padding=1)
                )
                mean, var = w[f"{head}.bn.running_mean"], w[f"{head}.bn.running_var"]
                total = total + F.batch_norm(x, mean, var)
            elif source == "code":
                x = F.linear(x, w[f"{key}.linear.weight"], w[f"{key}.linear.bias"])
                total = total + x.view(-1, *shape)
            else:
                for weight, text in zip(mixture[key], edge["candidates"], strict=True):
                    if text != "none":
                        total = total + weight * slow_candidate(w, key, text, x, shape)
        values[name] = total
        if graph.nodes[name]["then"]:
            bn = [w[f"{name}.bn.{k}"] for k in ("running_mean", "running_var", "weight", "bias")]
            values[name] = F.leaky_relu(F.batch_norm(total, *bn, eps=0.8), 0.2)
    return values["image"]


def test_soft_mixture_is_the_weighted_sum_of_every_candidate(net):
    z, y = inputs(net)
    mixture = {e: torch.rand(len(a), dtype=torch.float64).softmax(0) for e, a in net.alpha.items()}
    with torch.no_grad():
        assert torch.allclose(net(z, y, mixture), slow_images(net, z, y, mixture), atol=1e-12)


def test_without_a_mixture_candidates_weigh_by_their_probability(net):
    z, y = inputs(net)
    with torch.no_grad():
        for alpha in net.alpha.values():
            alpha.normal_(generator=torch.Generator().manual_seed(0))
        expected = slow_images(net, z, y, net.probabilities())
        assert torch.allclose(net(z, y), expected, atol=1e-12)


def test_derived_generator_computes_what_the_one_hot_super_net_does(net):
    drawn = random.Random(4)
    choices = {e.name: drawn.choice(e.candidates) for e in net.space.edges}
    found = genotype(
        net.space,
        derive_choices(
            net.space,
            {
                e.name: [float(c == choices[e.name]) for c in e.candidates]
                for e in net.space.choices
            },
        ),
    )
    generator = autorecon.generator(found).double().eval()
    own = generator.state_dict()
    generator.load_state_dict({name: net.state_dict()[name] for name in own})
    one_hot = {
        e.name: OneCandidate(e.candidates.index(f.candidates[0]), torch.ones(()).double())
        for e, f in zip(net.space.edges, found.edges, strict=True)
        if len(e.candidates) > 1
    }
    z, y = inputs(net)
    with torch.no_grad():
        assert torch.allclose(generator(z, y), net(z, y, one_hot), atol=1e-12)


def test_none_and_unchosen_candidates_are_not_computed():
    net = autorecon.supernet(autorecon.load("paper", **TINY), seed=1, fuse=False).double().eval()
    called = []
    for name, module in net.named_modules():
        if not list(module.children()):
            module.register_forward_pre_hook(lambda m, i, name=name: called.append(name))
    one_hot = {
        e.name: OneCandidate(len(e.candidates) - 1, torch.ones(())) for e in net.space.choices
    }
    kept = {"B1.n2->n5": 1, "B2.n2->n5": 1, "B3.n2->n5": 1}
    one_hot |= {name: OneCandidate(k, torch.ones(())) for name, k in kept.items()}
    with torch.no_grad():
        net(*inputs(net), one_hot)
    convolutions = [name for name in called if name.rpartition(".")[2].startswith("conv")]
    assert sorted(convolutions) == [
        "B1.n2->n5.conv3",
        "B2.n2->n5.conv3",
        "B3.n2->n5.conv3",
        "B3.n5->image.conv3-tanh-bn_noaffine.conv",
    ]
    assert not [name for name in called if name.endswith("none")]


def test_alpha_is_apart_from_the_weights_and_gets_gradients(net):
    alphas = list(net.architecture_parameters())
    assert len(alphas) == 33
    assert not {id(a) for a in alphas} & {id(w) for w in net.weight_parameters()}
    net(*inputs(net)).square().mean().backward()
    assert all(a.grad is not None for a in alphas)


def test_genotype_is_the_argmax_and_reads_back_as_the_same_space(net, tmp_path):
    with torch.no_grad():
        net.alpha["B2.n4->n5"][3] = 5.0
    found = net.genotype()
    chosen = {e.name: e.candidates[0].text for e in found.edges}
    assert chosen["B2.n4->n5"] == "conv(3, dilation=2)"
    (tmp_path / "g.space").write_text(found.text)
    (tmp_path / "paper.space").write_text(net.space.text)
    assert autorecon.load(tmp_path / "g.space") == found


def test_cut_architecture_is_repaired(net):
    with torch.no_grad():
        for edge in net.space.choices:
            if edge.candidates[-1].is_none:
                net.alpha[edge.name][-1] = 9.0
        net.alpha["B1.n2->n5"][2] = 8.5
        net.alpha["B2.n2->n5"][2] = 8.5
        net.alpha["B3.n2->n5"][2] = 8.5
    found = net.genotype()
    alive = [e.name for e in found.edges if not e.is_cut and e.type != "link" and e.type != "up"]
    assert alive == ["B1.n2->n5", "B2.n2->n5", "B3.n2->n5"]
    autorecon.generator(found)
