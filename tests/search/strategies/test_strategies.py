"""What each strategy mixes and learns, against the formulas of its paper, number by number."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch

from autorecon.nn import OneCandidate
from autorecon.objective import term
from autorecon.search import STRATEGIES
from autorecon.search.config import GumbelConfig
from autorecon.search.strategies.gumbel import gumbel

EDGE = "a->image"
ALPHA = [2.0, 0.0, -1.0]
P = [math.exp(a) / sum(map(math.exp, ALPHA)) for a in ALPHA]


def softmax(logits):
    shares = [math.exp(x) for x in logits]
    return [x / sum(shares) for x in shares]


def noise(seed=5, count=3):
    return gumbel(count, torch.Generator().manual_seed(seed), torch.float64).tolist()


def close(tensor, expected):
    return tensor.detach().tolist() == pytest.approx(list(expected), abs=1e-6)


def test_gumbel_noise_has_the_right_mean_and_variance():
    drawn = gumbel(200_000, torch.Generator().manual_seed(0), torch.float64)
    assert float(drawn.mean()) == pytest.approx(0.5772, abs=0.01)
    assert float(drawn.var()) == pytest.approx(math.pi**2 / 6, abs=0.04)


@pytest.mark.parametrize(
    ("name", "logits"),
    [("paper", P), ("log", [math.log(p) for p in P])],
)
def test_gumbel_softmax_is_computed_as_printed(toy, name, logits):
    mixture = toy(name, gumbel=GumbelConfig(0.7, 0.7)).sample()[EDGE]
    expected = softmax([(x + g) / 0.7 for x, g in zip(logits, noise(), strict=True)])
    assert close(mixture, expected)


@pytest.mark.parametrize(("name", "shares"), [("paper", softmax(P)), ("log", P)])
def test_how_often_each_candidate_leads(toy, name, shares):
    strategy = toy(name)
    counts = Counter(int(strategy.draw()[EDGE].argmax()) for _ in range(2000))
    for index, share in enumerate(shares):
        assert counts[index] / 2000 == pytest.approx(share, abs=0.04)


def test_temperature_sharpens_samples(toy):
    def sharpness(tau):
        strategy = toy("log", gumbel=GumbelConfig(tau, tau))
        return torch.stack([strategy.draw()[EDGE].max() for _ in range(300)]).mean()

    assert sharpness(0.1) > 0.9
    assert sharpness(10.0) < 0.5


def test_darts_mixes_by_the_probabilities(toy):
    strategy = toy("darts")
    assert close(strategy.sample()[EDGE], P)
    assert close(strategy.draw()[EDGE], P)


def test_hard_samples_weigh_one_and_carry_the_soft_gradient(toy):
    text = "link a -> image = conv(1) | conv(3) | identity"
    hard, soft = (toy(name, text=_toy(text)) for name in ("hard", "log"))
    chosen, weights = hard.sample()[EDGE], soft.sample()[EDGE]
    assert chosen.index == int(weights.argmax())
    assert float(chosen.weight.detach()) == 1.0
    (hard_gradient,) = torch.autograd.grad(chosen.weight, hard.net.alpha[EDGE])
    (soft_gradient,) = torch.autograd.grad(weights[chosen.index], soft.net.alpha[EDGE])
    assert torch.equal(hard_gradient, soft_gradient)


def _toy(line):
    head = "space toy(classes = 3)\ninput z [4]: noise\nnode a [1, 4, 4]\noutput image [1, 4, 4]\n"
    return f"{head}link z -> a = linear\n{line}\n"


@pytest.mark.parametrize("name", ["hard", "two-path"])
def test_drawn_paths_never_cut_the_image(toy, name):
    strategy = toy(name)
    drawn = {strategy.draw()[EDGE].index for _ in range(50)}
    assert drawn == {1, 2}
    assert strategy.draw()[EDGE].weight == 1


def test_two_path_gates_are_binary_with_the_pairs_gradient(toy):
    strategy = toy("two-path")
    sampled = strategy.sample()[EDGE]
    gates = sampled.weights
    active, other = strategy._pairs[EDGE].tolist()
    assert sampled.indices == tuple(sorted((active, other)))
    assert gates.tolist() == [float(i == active) for i in range(3)]
    of_gates = torch.tensor([3.0, -1.0, 2.0])
    (gradient,) = torch.autograd.grad(gates, strategy.net.alpha[EDGE], of_gates)
    p = dict(zip((active, other), softmax([ALPHA[active], ALPHA[other]]), strict=True))
    expected = [0.0, 0.0, 0.0]
    for i in p:  # section 3.2.1 of ProxylessNAS: sum over j of dL/dg_j p_j (delta_ij - p_i)
        expected[i] = sum(float(of_gates[j]) * p[j] * ((i == j) - p[i]) for j in p)
    assert close(gradient, expected)


def test_two_path_moves_two_and_keeps_what_the_others_have(toy):
    strategy = toy("two-path", text=_toy("link a -> image = conv(1) | conv(3) | conv(5)"))
    for _ in range(5):
        before = strategy.net.alpha[EDGE].detach().clone()
        strategy.step()
        pair = strategy._pairs[EDGE]
        (apart,) = {0, 1, 2} - set(pair.tolist())
        after = strategy.net.alpha[EDGE].detach()
        assert after[apart] == before[apart]
        assert float(after.softmax(0)[apart]) == pytest.approx(float(before.softmax(0)[apart]))
        assert not torch.equal(after[pair], before[pair])


def test_two_path_pairs_are_drawn_by_probability(toy):
    """The pair as drawn one after the other without putting back, the active one between them."""
    strategy = toy("two-path", text=_toy("link a -> image = conv(1) | conv(3) | conv(5)"))
    counts = Counter(tuple(strategy._drawn(2)[EDGE].tolist()) for _ in range(2000))
    for i, j in [(0, 1), (1, 0), (1, 2), (2, 0)]:
        pair = P[i] * P[j] / (1 - P[i]) + P[j] * P[i] / (1 - P[j])
        assert counts[i, j] / 2000 == pytest.approx(pair * P[i] / (P[i] + P[j]), abs=0.04)


def test_fairdarts_mixes_sigmoids_and_draws_them_to_their_ends(toy):
    strategy = toy("fairdarts")
    sigmoids = [1 / (1 + math.exp(-a)) for a in ALPHA]
    assert close(strategy.sample()[EDGE], sigmoids)
    assert close(strategy.probabilities()[EDGE], [s / sum(sigmoids) for s in sigmoids])
    distance = sum((s - 0.5) ** 2 for s in sigmoids) / 3
    assert float(strategy.penalties()["zero_one"].detach()) == pytest.approx(-10 * distance)


def test_single_candidates_are_not_mixed(toy):
    assert all(set(toy(name).draw()) == {EDGE} for name in ("log", "hard", "two-path"))
    assert isinstance(toy("hard").draw()[EDGE], OneCandidate)


@term("mean", "mean of the images; this test")
def mean(observation):
    return observation.images.mean()


@pytest.mark.parametrize("name", [i.name for i in STRATEGIES.values() if i.learns])
def test_the_planted_best_candidate_is_found(toy, name):
    """Of a map of ones, the candidates make 1, -1 and 0.76; the least is asked for."""
    text = _toy("link a -> image = identity | conv(1) | tanh")
    strategy = toy(name, text=text, objective="mean", alpha=(0.5, 0.0, 0.0))
    planted = {"z->a.linear": (0, 1), "a->image.conv1": (-1, 0)}
    with torch.no_grad():
        for place, (weight, bias) in planted.items():
            strategy.net.get_parameter(f"{place}.weight").fill_(weight)
            strategy.net.get_parameter(f"{place}.bias").fill_(bias)
    before = strategy.probabilities()[EDGE][1]
    for _ in range(40):
        strategy.step()
    assert strategy.choices()[EDGE] == "conv(1)"
    assert strategy.probabilities()[EDGE][1] > before
