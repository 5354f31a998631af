"""Operations with options, against the code of those who published them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import autorecon


def made(written: str, source: str, out: str) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Noise, what one operation makes of it in training, and its weights without their prefix."""
    text = f"space s\ninput z {source}: noise\noutput image {out}\nlink z -> image = {written}\n"
    net = autorecon.generator(autorecon.loads(text), seed=0).double()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("gamma"):
                parameter.fill_(0.7)
    z = torch.randn(2, *net.noise[0].shape, dtype=torch.float64)
    state = {name.split(".", 2)[2]: value for name, value in net.state_dict().items()}
    return z, net(z), state


@pytest.mark.parametrize(
    ("written", "source", "out", "function", "inputs"),
    [
        ("conv(3, equal=true)", "[4, 4, 4]", "[3, 4, 4]", F.conv2d, 4 * 9),
        ("conv(3, groups=2, equal=true)", "[4, 4, 4]", "[6, 4, 4]", F.conv2d, 2 * 9),
        ("linear(equal=true)", "[6]", "[3]", F.linear, 6),
        ("deconv(4, equal=true)", "[4, 4, 4]", "[3, 8, 8]", F.conv_transpose2d, 4 * 16),
    ],
)
def test_weights_are_scaled_at_run_time(written, source, out, function, inputs) -> None:
    """Karras et al., 2018: w / c with He's constant c = sqrt(2 / inputs), without its gain."""
    z, images, state = made(written, source, out)
    weight = state["parametrizations.weight.original"] * inputs**-0.5
    options = {"groups": 2} if "groups" in written else {}
    options |= {"stride": 2} if function is F.conv_transpose2d else {}
    options |= {"padding": 1} if function is not F.linear else {}
    assert not state["bias"].any()
    torch.testing.assert_close(images, function(z, weight, state["bias"], **options))


def test_they_begin_as_normal_numbers() -> None:
    _, _, state = made("linear(equal=true)", "[100]", "[100]")
    weight = state["parametrizations.weight.original"]
    assert abs(float(weight.std()) - 1) < 0.05


def sagan(x: Tensor, w: dict[str, Tensor]) -> Tensor:
    """Zhang et al., 2019, as in their later ports: full values, biases, nothing after."""
    n, c, h, wide = x.shape
    q, k, v = (F.conv2d(x, w[f"{a}.weight"], w[f"{a}.bias"]) for a in ("query", "key", "value"))
    energy = torch.bmm(q.view(n, -1, h * wide).permute(0, 2, 1), k.view(n, -1, h * wide))
    attention = F.softmax(energy, dim=-1)
    out = torch.bmm(v.view(n, -1, h * wide), attention.permute(0, 2, 1))
    return w["gamma"] * out.view(n, c, h, wide) + x


def biggan(x: Tensor, w: dict[str, Tensor]) -> Tensor:
    """Brock et al., 2019: keys and values pooled, half of the values' channels."""
    _, c, h, wide = x.shape
    theta = F.conv2d(x, w["query.weight"]).view(-1, c // 8, h * wide)
    phi = F.max_pool2d(F.conv2d(x, w["key.weight"]), [2, 2]).view(-1, c // 8, h * wide // 4)
    g = F.max_pool2d(F.conv2d(x, w["value.weight"]), [2, 2]).view(-1, c // 2, h * wide // 4)
    beta = F.softmax(torch.bmm(theta.transpose(1, 2), phi), -1)
    o = F.conv2d(torch.bmm(g, beta.transpose(1, 2)).view(-1, c // 2, h, wide), w["out.weight"])
    return w["gamma"] * o + x


def by_torch(x: Tensor, w: dict[str, Tensor]) -> Tensor:
    """Torch's attention of several heads, which divides scores by the root of a query's length."""
    n, _, h, wide = x.shape
    q, k, v = (
        F.conv2d(x, w[f"{a}.weight"]).view(n, 2, -1, h * wide).transpose(2, 3)
        for a in ("query", "key", "value")
    )
    made = F.scaled_dot_product_attention(q, k, v, scale=1.0)
    made = made.transpose(2, 3).reshape(n, -1, h, wide)
    return w["gamma"] * F.conv2d(made, w["out.weight"]) + x


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("attention(bias=true, full=true)", sagan),
        ("attention(pool=2)", biggan),
        ("attention(heads=2)", by_torch),
    ],
)
def test_attention(written, form) -> None:
    z, images, state = made(written, "[16, 4, 4]", "[16, 4, 4]")
    torch.testing.assert_close(images, form(z, state))


def test_attention_of_normalised_weights() -> None:
    _, _, state = made("attention(spectral=true)", "[8, 4, 4]", "[8, 4, 4]")
    assert {k.split(".")[0] for k in state if "original" in k} == {"query", "key", "value", "out"}
