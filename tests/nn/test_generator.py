"""Derived generators against networks written out by hand."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional as F

import autorecon
from autorecon.nn import OneCandidate, WeightsError

TINY = {"size": 16, "width": 4, "classes": 3, "channels": 1, "latent": 6}


def gdfq_reference(w: dict, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """GDFQ's CIFAR generator, operation by operation, in training mode."""

    def bn(x, name, eps):
        return F.batch_norm(
            x, None, None, w.get(f"{name}.weight"), w.get(f"{name}.bias"), True, 0.1, eps
        )

    def block(x, edge, node):
        x = F.interpolate(x, scale_factor=2)
        x = F.conv2d(x, w[f"{edge}.weight"], w[f"{edge}.bias"], padding=1)
        return F.leaky_relu(bn(x, node, 0.8), 0.2)

    x = w["y->code.embed.weight"][y] * z
    x = F.linear(x, w["code->seed.linear.weight"], w["code->seed.linear.bias"])
    x = bn(x.view(len(z), 128, 8, 8), "seed.bn", 1e-5)
    x = block(x, "seed->low.nearest-conv3.conv", "low.bn")
    x = block(x, "low->high.nearest-conv3.conv", "high.bn")
    head = "high->image.conv3-tanh-bn_noaffine"
    x = F.conv2d(x, w[f"{head}.conv.weight"], w[f"{head}.conv.bias"], padding=1)
    return bn(torch.tanh(x), f"{head}.bn", 1e-5)


@pytest.mark.parametrize("fuse", [False, True])
def test_gdfq_generator_has_the_published_size_and_computes_the_published_net(fuse):
    net = autorecon.generator(autorecon.load("gdfq-cifar"), seed=0, fuse=fuse)
    assert sum(p.numel() for p in net.parameters() if p.requires_grad) == 1_061_139
    z, y = net.example_inputs(4, torch.Generator().manual_seed(0))
    weights = {name: value.clone() for name, value in net.state_dict().items()}
    images, expected = net(z, y), gdfq_reference(weights, z, y)
    if not fuse:
        assert torch.equal(images, expected)
    torch.testing.assert_close(images, expected, atol=1e-5, rtol=1e-4)


def test_search_space_is_refused_with_what_to_do():
    with pytest.raises(autorecon.SpaceError, match="every choice made"):
        autorecon.generator(autorecon.load("paper"))


def test_dead_parts_have_no_modules():
    space = autorecon.loads("""space dead()
    input z [8]: noise
    node a [2, 4, 4] then bn
    node b [2, 4, 4] then bn
    output image [2, 4, 4]
    link z -> a = linear
    link a -> b = conv(3)
    link b -> image = none
    link a -> image = conv(1)
    """)
    net = autorecon.generator(space)
    assert not [name for name in net.state_dict() if name.startswith(("b.", "a->b"))]
    assert sum(p.numel() for p in net.parameters()) == space.cost.parameters.min


def test_state_dict_names_are_readable_and_stable():
    net = autorecon.generator(autorecon.supernet(autorecon.load("paper", **TINY)).genotype())
    names = list(net.state_dict())
    assert names[:3] == [
        "y->code.embed.weight",
        "code->B1.n1.linear.weight",
        "code->B1.n1.linear.bias",
    ]
    assert "B1.n1.bn.weight" in names
    assert not [name for name in names if "alpha" in name]


def test_several_noise_inputs_split_z():
    space = autorecon.loads("""space two()
    input a [3]: noise
    input b [2]: noise
    node c [5] merge concat
    output image [5]
    link a -> c = identity
    link b -> c = identity
    link c -> image = identity
    """)
    net = autorecon.generator(space)
    z, y = net.example_inputs(4)
    assert net.latent == 5
    assert torch.equal(net(z, y), z)


def test_copies_are_independent_and_any_dtype_works():
    net = autorecon.generator(autorecon.load("gdfq-cifar", size=16), seed=0).double()
    twin = copy.deepcopy(net)
    z, y = net.example_inputs(2)
    with torch.no_grad():
        next(twin.parameters()).add_(1)
    assert not torch.equal(net(z.double(), y), twin(z.double(), y))


def test_torch_export_gives_the_same_images_by_plain_operations():
    space = autorecon.load("gdfq-cifar", size=8, classes=3)
    net = autorecon.generator(space, seed=0, fuse=False).eval()
    inputs = net.example_inputs(2)
    exported = torch.export.export(autorecon.generator(space, seed=0).eval(), inputs)
    assert torch.equal(exported.module()(*inputs), net(*inputs))


@pytest.mark.parametrize("name", ["gdfq-cifar", "paper"])
def test_seed_fixes_the_weights_and_leaves_torch_alone(name):
    space = autorecon.load(name, size=16)
    build = autorecon.supernet if name == "paper" else autorecon.generator
    before = torch.get_rng_state()
    one, two = (build(space, seed=3).state_dict() for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[key], two[key]) for key in one)


def one_hot_super_net(space):
    net = autorecon.supernet(space, seed=1)
    with torch.no_grad():
        net.alpha["B2.n3->n4"][3] = 5.0
        for p in net.weight_parameters():
            p.add_(0.01)
    return net


def test_weights_of_the_super_net_are_inherited_by_name():
    net = one_hot_super_net(autorecon.load("paper", **TINY))
    found = net.genotype()
    heir = autorecon.generator(found, seed=2, weights_from=net)
    given = net.state_dict()
    assert all(torch.equal(tensor, given[name]) for name, tensor in heir.state_dict().items())
    one_hot = {
        e.name: OneCandidate(e.candidates.index(f.candidates[0]), torch.ones(()))
        for e, f in zip(net.space.edges, found.edges, strict=True)
        if len(e.candidates) > 1
    }
    z, y = net.example_inputs(3)
    torch.testing.assert_close(heir.eval()(z, y), net.eval()(z, y, one_hot))


def test_inherited_weights_are_copies():
    net = one_hot_super_net(autorecon.load("paper", **TINY))
    heir = autorecon.generator(net.genotype(), weights_from=net.state_dict())
    with torch.no_grad():
        for p in heir.parameters():
            p.zero_()
    assert all(p.abs().sum() > 0 for n, p in net.named_parameters() if n in heir.state_dict())


def test_weights_that_do_not_fit_are_listed_and_nothing_is_copied():
    wide = autorecon.generator(autorecon.load("gdfq-cifar", size=16, latent=7), seed=0)
    given = wide.state_dict()
    del given["seed.bn.weight"], given["low.bn.bias"]
    space = autorecon.load("gdfq-cifar", size=16)
    with pytest.raises(WeightsError) as error:
        autorecon.generator(space, weights_from=given)
    assert str(error.value) == (
        "these are not weights of this generator: 23 of 27 tensors fit; "
        "not there: seed.bn.weight, low.bn.bias; "
        "of another shape: y->code.embed.weight (100x7, needed 100x100), "
        "code->seed.linear.weight (2048x7, needed 2048x100)"
    )
    with pytest.raises(WeightsError, match="and 24 more"):
        autorecon.generator(space, weights_from={})
