"""Eq. 7 and its relatives: what they draw, against what the formulas say."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch

import autorecon
from autorecon.search.relaxation import RELAX, gumbel

# One edge with a choice of three.
TEXT = """space toy()
input z [2]: noise
node a [2]
output image [2]
link z -> a = identity
link a -> image = linear(bias=false) | identity | linear
"""


@pytest.fixture
def net():
    found = autorecon.supernet(autorecon.loads(TEXT), seed=0)
    with torch.no_grad():
        found.alpha["a->image"].copy_(torch.tensor([2.0, 0.0, -1.0]))
    return found


def draw(net, relaxation, tau, count=4000):
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        return [RELAX[relaxation](net, tau, random)["a->image"] for _ in range(count)]


def test_gumbel_noise_has_the_right_mean_and_variance():
    noise = gumbel(200_000, torch.Generator().manual_seed(0), torch.zeros(1).double())
    assert float(noise.mean()) == pytest.approx(0.5772, abs=0.01)
    assert float(noise.var()) == pytest.approx(math.pi**2 / 6, abs=0.03)


def test_eq_7_is_computed_as_printed(net):
    mixture = RELAX["paper"](net, 0.7, torch.Generator().manual_seed(5))["a->image"]
    alpha = net.alpha["a->image"]
    noise = gumbel(3, torch.Generator().manual_seed(5), alpha)
    p = [math.exp(a) for a in alpha.tolist()]
    logits = [math.exp((a / sum(p) + float(g)) / 0.7) for a, g in zip(p, noise, strict=True)]
    expected = torch.tensor([value / sum(logits) for value in logits])
    assert torch.allclose(mixture.detach(), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("relaxation", "logits"), [("paper", "probabilities"), ("log", "log-probabilities")]
)
def test_how_often_each_candidate_leads(net, relaxation, logits):
    p = net.alpha["a->image"].detach().softmax(0)
    expected = p.softmax(0) if logits == "probabilities" else p
    counts = Counter(int(m.argmax()) for m in draw(net, relaxation, 0.5))
    for index, share in enumerate(expected.tolist()):
        assert counts[index] / 4000 == pytest.approx(share, abs=0.03)


def test_temperature_sharpens_samples(net):
    cold, hot = (
        torch.stack(draw(net, "log", tau, 300)).max(1).values.mean() for tau in (0.1, 10.0)
    )
    assert cold > 0.9
    assert hot < 0.5


def test_hard_samples_weigh_one_and_carry_the_soft_gradient(net):
    chosen = RELAX["hard"](net, 1.0, torch.Generator().manual_seed(3))["a->image"]
    soft = RELAX["log"](net, 1.0, torch.Generator().manual_seed(3))["a->image"]
    assert chosen.index == int(soft.argmax())
    assert float(chosen.weight.detach()) == 1.0
    alpha = net.alpha["a->image"]
    (hard_gradient,) = torch.autograd.grad(chosen.weight, alpha)
    (soft_gradient,) = torch.autograd.grad(soft[chosen.index], alpha)
    assert torch.equal(hard_gradient, soft_gradient)


def test_hard_samples_never_cut_the_image():
    space = autorecon.loads("""space risky()
    input z [2]: noise
    output image [2]
    link z -> image = none | linear
    """)
    net = autorecon.supernet(space, seed=0)
    random = torch.Generator().manual_seed(0)
    drawn = {RELAX["hard"](net, 1.0, random)["z->image"].index for _ in range(50)}
    assert drawn == {1}
