"""The estimate of a search's memory against what autograd is seen to keep at the full batch."""

from __future__ import annotations

import copy

import torch

import autorecon
from autorecon.nn import edge_mixture
from autorecon.nn.kept import HELD
from autorecon.search import SearchConfig
from autorecon.search.memory import Memory, estimate

SPACE = autorecon.load("paper", width=16, size=16, classes=3, channels=1, latent=8)


def teacher():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(4 * 14 * 14, 3),
    )  # fmt: skip


def kept(net, batch):
    """Bytes of the different storages that a soft step keeps, but those of the net itself."""
    own = {t.untyped_storage().data_ptr() for t in (*net.parameters(), *net.buffers())}
    found = {}

    def note(tensor):
        found[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    weights = {n: p.softmax(0) for n, p in net.alpha.items()}
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        images = net(*net.example_inputs(batch), edge_mixture(net.space, weights))
    assert images.requires_grad
    return sum(t.untyped_storage().nbytes() for place, t in found.items() if place not in own)


def test_activations_of_any_batch_are_told_from_small_ones():
    net = autorecon.supernet(SPACE, seed=0)
    found = estimate(net, teacher(), SearchConfig(batch=48))
    counted = kept(net.train(), 48)
    assert abs(found.activations / counted - 1) < 0.02


def test_it_leaves_the_net_the_teacher_and_the_random_state_alone():
    net, other = autorecon.supernet(SPACE, seed=0), teacher().train()
    before = copy.deepcopy((net.state_dict(), other.state_dict()))
    state = torch.get_rng_state()
    estimate(net, other, SearchConfig(batch=8))
    assert torch.equal(state, torch.get_rng_state())
    for old, module in zip(before, (net, other), strict=True):
        assert all(torch.equal(old[name], value) for name, value in module.state_dict().items())
    assert other.training
    assert other[0].weight.requires_grad


def test_one_path_needs_less_than_two_and_two_less_than_all_candidates():
    net = autorecon.supernet(SPACE, seed=0, fuse=False)
    names = ("hard", "two-path", "log")
    one, two, all_of_them = (
        estimate(net, teacher(), SearchConfig(strategy=name, batch=32)) for name in names
    )
    assert one.activations < two.activations < all_of_them.activations
    assert one.weights == all_of_them.weights == 16 * sum(p.numel() for p in net.parameters())


def test_the_total_is_of_the_worst_moment():
    found = Memory(weights=2**20, activations=2**20, teacher=2**21, workspace=2**20)
    assert found.total == round(HELD * 2**22)
    assert found.text.startswith("needs about 7 MiB of memory beside torch itself (weights")
