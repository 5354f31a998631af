"""What every operation of the catalogue says of itself, against the numbers of its module: its
shape, its cost and its traits, with several arguments between several shapes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy

import attrs
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from autorecon.lang import Label, Pipeline, Shape
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.operations.shapes import ShapeFault
from autorecon.lang.operations.spec import maps
from autorecon.lang.operations.traits import Traits
from autorecon.lang.program.candidates import Step
from autorecon.lowering.convolutions import Convolutions
from autorecon.lowering.plan import Convolve, check_plan
from autorecon.nn.builders import BUILDERS
from one_operation import (
    PIXEL,
    SOURCES,
    TARGETS,
    executed,
    given,
    gradients,
    keeping,
    made,
    on_maps,
    plan,
    repeated,
    run,
    steps,
)

# What is so as well, by itself or since another trait says it, and what no pass asks for.
UNSAID = {
    "by_channels": {name for name, spec in CATALOGUE.items() if spec.traits.stateless},
    "pointwise": {"identity"},
    "resize": {"identity"},
    "from_result": {"elu", "selu"},
    "sliceable": {name for name, spec in CATALOGUE.items() if spec.traits.channelwise},
    "keeps_zeros": {"pixel_norm", "expand"},
    "spares_result": {
        "conv", "sepconv", "deconv", "factorized_reduce", "linear", "embed", "attention",
        "pixel_shuffle", "nearest", "bilinear", "bicubic", "avg_pool", "max_pool", "global_pool",
        "leaky_relu", "prelu", "elu", "selu", "silu", "gelu",
    },
}  # fmt: skip

Check = Callable[[str], None]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """What the trait of the function's name promises of the operation with a name."""
    CHECKS[function.__name__] = function
    return function


@check
def none(name: str) -> None:
    spec = CATALOGUE[name]
    assert name not in BUILDERS
    for source, target in itertools.product(SOURCES, TARGETS):
        assert spec.shape({}, source, target) == target
        assert spec.cost({}, source, target) == (0, 0)


@check
def identity(name: str) -> None:
    for step, train in itertools.product(steps(name), (True, False)):
        x = given(step.before)
        assert torch.equal(run(step, made(step, train), x), x)


@check
def stateless(name: str) -> None:
    for step in steps(name):
        module, x = made(step), given(step.before)
        assert not module.state_dict()
        assert torch.equal(run(step, module, x), run(step, module, x))


@check
def by_channels(name: str) -> None:
    known: dict[tuple, list] = {}
    for step in steps(name):
        ends = [(len(shape), shape[0]) for shape in (step.before, step.after)]
        shapes = [(n, t.shape) for n, t in made(step).state_dict().items()]
        assert known.setdefault((step.op, *ends), shapes) == shapes


@check
def pointwise(name: str) -> None:
    """Where pixels are copied afterwards, all is as if they had been before: statistics too."""
    for step, train in itertools.product(on_maps(name, PIXEL), (True, False)):
        channels, height, width = step.before
        assert (step.before, step.macs) == (step.after, 0)
        alone = height * width == 1
        if alone and step.op.traits.norm:
            continue
        x = given(step.before, batch=1 if alone else 3)
        large = (channels, 3 * height, 3 * width)
        (on_copies,) = Pipeline((step.op,)).between(large, large).steps
        module = made(step, train)
        twin = deepcopy(module)
        found = repeated(run(step, module, x, copies=9), 3, 3)
        torch.testing.assert_close(found, run(on_copies, twin, repeated(x, 3, 3)))
        torch.testing.assert_close(module.state_dict(), twin.state_dict())


@check
def counts_positions(name: str) -> None:
    for step in on_maps(name):
        module = made(step)
        run(step, module, given(step.before), copies=4)
        assert any(buffer.endswith("running_var") for buffer, _ in module.named_buffers())
    pointwise(name)


@check
def norm(name: str) -> None:
    """Neither scale nor offset of what comes in is seen."""
    for step in on_maps(name):
        x = 1e4 * given(step.before)
        one, two = run(step, made(step), x), run(step, made(step), 3 * x + 7e4)
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-6)


@check
def convolution(name: str) -> None:
    """Those that have no stride are kernels that can be added."""
    for step in steps(name):
        if step.op.args["stride"] > 1:
            continue
        module, x = made(step, train=False), given(step.before).requires_grad_()
        before = plan(step, x)
        after = Convolutions()(before)
        check_plan(after)
        assert isinstance(after.steps[0], Convolve)
        one, two = executed(before, module, x), executed(after, module, x)
        torch.testing.assert_close(one, two)
        torch.testing.assert_close(gradients(one, x, module), gradients(two, x, module))


@check
def moves(name: str) -> None:
    """Else what comes in and what goes out have one resolution."""
    assert any(step.before[1:] != step.after[1:] for step in steps(name))


@check
def reshapes(name: str) -> None:
    """Left open, of whatever it takes."""
    found = [step for step in steps(name) if step.op.args.get("out", 0) is None]
    assert {step.target for step in found} == set(TARGETS)
    assert all(step.after == step.target for step in found)


@check
def resize(name: str) -> None:
    """A weighted sum of channels may as well be taken before, into fewer of them."""
    known: dict[tuple, Tensor] = {}
    mix = torch.randn(5, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for step, train in itertools.product(on_maps(name), (True, False)):
        module, x = made(step, train), given(step.before)
        assert step.before[0] == step.after[0]
        out = run(step, module, x)
        mixed = run(step, module, torch.einsum("oi,nihw->nohw", mix, x))
        torch.testing.assert_close(mixed, torch.einsum("oi,nihw->nohw", mix, out))
        assert torch.equal(known.setdefault((step.before, step.after), out), out)


@check
def repeats(name: str) -> None:
    factors = set()
    for step in on_maps(name):
        (_, h, w), (_, height, width) = step.before, step.after
        if height % h == width % w == 0:
            factors.add(height // h)
            x = given(step.before)
            expected = repeated(x, height // h, width // w)
            assert torch.equal(run(step, made(step), x), expected)
    assert max(factors) > 1


@check
def from_result(name: str) -> None:
    """It overwrites its input, and keeps nothing else for backward."""
    for step in steps(name):
        module, x = made(step), given(step.before).requires_grad_()
        expected = run(step, module, x)
        source = x * 1
        out, kept = keeping(step, module, source)
        assert set(kept) == {out.data_ptr()} == {source.data_ptr()}
        assert torch.equal(out, expected)
        found = gradients(out, x, module)
        torch.testing.assert_close(found, gradients(expected, x, module))


@check
def spares_result(name: str) -> None:
    """Its result may be overwritten before backward, and its input is none the wiser."""
    for step in steps(name):
        module, x = made(step), given(step.before).requires_grad_(step.before != Label(5))
        twin, before = deepcopy(module), x.clone()
        if not (plain := run(step, twin, x)).requires_grad:
            continue  # a frozen table
        expected = gradients(plain, x, twin)
        out = run(step, module, x)
        out.data.fill_(-2.0)
        assert all(map(torch.equal, gradients(out, x, module), expected))
        assert torch.equal(x, before)


def cut(name: str) -> Iterator[tuple[Step, Step, bool]]:
    """The operation without what hinders that, the same between half as many channels, and whether
    it trains."""
    found = 0
    for step, train in itertools.product(steps(name), (True, False)):
        args = step.op.args
        if args.get("groups", 1) > 1 or args.get("spectral") or args.get("equal"):
            continue
        whole = isinstance(step.before, Label)
        before = step.before if whole else (step.before[0] // 2, *step.before[1:])
        with suppress(ShapeFault):
            target = step.target[0] // 2, *step.target[1:]
            (small,) = Pipeline((step.op,)).between(before, target).steps
            found += small.after != step.after
            yield step, small, train
    assert found


def sliced(step: Step, small: Step, train: bool) -> tuple[nn.Module, nn.Module]:
    """Its module, and one for fewer channels that has the first of its weights."""
    module, twin = made(step, train), made(small, train)
    state = module.state_dict()
    own = {n: state[n][tuple(slice(k) for k in t.shape)] for n, t in twin.state_dict().items()}
    twin.load_state_dict(own)
    return module, twin


def agree(step: Step, small: Step, train: bool, x: Tensor) -> None:
    module, twin = sliced(step, small, train)
    first = x if isinstance(step.before, Label) else x[:, : small.before[0]]
    torch.testing.assert_close(run(step, module, x)[:, : small.after[0]], run(small, twin, first))


def with_zeros(step: Step, small: Step) -> Tensor:
    x = given(step.before)
    if not isinstance(step.before, Label):
        x[:, small.before[0] :] = 0
    return x


@check
def channelwise(name: str) -> None:
    for step, small, train in cut(name):
        agree(step, small, train, given(step.before))


@check
def sliceable(name: str) -> None:
    for step, small, train in cut(name):
        agree(step, small, train, with_zeros(step, small))


@check
def keeps_zeros(name: str) -> None:
    for step, small, train in cut(name):
        out = run(step, made(step, train), with_zeros(step, small))
        assert not out[:, small.after[0] :].any()


@pytest.mark.parametrize("name", BUILDERS)
@torch.no_grad()
def test_shape_and_cost(name: str) -> None:
    for step in steps(name):
        module, x = made(step, train=False), given(step.before)
        with FlopCounterMode(display=False) as counter:
            out = run(step, module, x)
        assert tuple(out.shape[1:]) == step.after
        assert sum(p.numel() for p in module.parameters() if p.requires_grad) == step.parameters
        assert counter.get_total_flops() == 2 * len(x) * step.macs


def test_every_operation_is_built_and_every_trait_is_checked() -> None:
    assert [name for name in CATALOGUE if name not in BUILDERS] == ["none"]
    assert set(CHECKS) == {field.name for field in attrs.fields(Traits)}


@pytest.mark.parametrize("trait", CHECKS)
def test_what_operations_say_of_themselves_is_so(trait: str) -> None:
    said = [name for name, spec in CATALOGUE.items() if getattr(spec.traits, trait)]
    assert said
    for name in said:
        CHECKS[trait](name)


def say(monkeypatch: pytest.MonkeyPatch, name: str, **traits: bool) -> None:
    spec = CATALOGUE[name]
    said = attrs.evolve(spec, traits=attrs.evolve(spec.traits, **traits))
    monkeypatch.setitem(CATALOGUE, name, said)


def is_so(trait: str, name: str) -> bool:
    try:
        CHECKS[trait](name)
    except (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("trait", CHECKS)
def test_whatever_else_they_said_would_be_caught(
    trait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [name for name, spec in CATALOGUE.items() if not getattr(spec.traits, trait)]
    for name in others:
        say(monkeypatch, name, **{trait: True})
    assert {name for name in others if is_so(trait, name)} == UNSAID.get(trait, set())


@pytest.mark.parametrize(
    ("trait", "name"),
    [
        ("counts_positions", "bn"),
        ("counts_positions", "ccbn"),
        ("norm", "bn"),
    ],
)
def test_what_they_keep_to_themselves_would_be_caught(
    trait: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, name, **{trait: False})
    assert not is_so("pointwise", name)


def turned(args: dict, source: Shape, target: Shape) -> Shape:
    _, height, width = maps(source, "conv")
    return target[0], width, height


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("prelu", {"cost": CATALOGUE["relu"].cost}),
        ("conv", {"cost": CATALOGUE["sepconv"].cost}),
        ("deconv", {"cost": CATALOGUE["conv"].cost}),
        ("attention", {"cost": lambda args, source, out: (81, 0)}),
        ("conv", {"shape": turned}),
        ("sepconv", {"shape": turned}),
    ],
)
def test_a_wrong_cost_or_shape_would_be_caught(
    name: str, wrong: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CATALOGUE, name, attrs.evolve(CATALOGUE[name], **wrong))
    with pytest.raises(AssertionError):
        test_shape_and_cost(name)
