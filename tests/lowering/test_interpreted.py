"""Each pass gives a valid plan that computes what the one before it did, told by an interpreter of
plans that shares no code with what runs them; and so does the executor."""

from __future__ import annotations

import attrs
import pytest
import torch

import autorecon
from autorecon.lowering import lower
from autorecon.lowering.plan import Convolve, Merge, Plan, check_plan
from autorecon.lowering.simplify import without_idle
from autorecon.lowering.stack import Stack
from autorecon.nn.mixture import OneCandidate, SomeCandidates, kept
from fuzzing.plans import Differs, prove

HEAD = "space s\ninput z [8]: noise\noutput image [4, 4, 4]\n"

PROGRAMS = {
    # Both convolutions of q are summed as they are and used elsewhere too.
    "two residual branches": """node q, a, b, ra, rb [4, 4, 4]
        link z -> q = linear
        link q -> {a, b} = conv(1)
        link a -> ra = relu
        link b -> rb = relu
        link {ra, rb} -> image = conv(3)
        link {a, b} -> image = identity""",
    "candidates of many kinds": """input y: label(3)
        node a [4, 4, 4] then ccbn(y) >> relu
        link z -> a = linear
        link a -> image = conv(1) | conv(3) | conv(5, dilation=2) | identity | conv(3, groups=2)
          | conv(3, spectral=true) | bn >> leaky_relu(0.2) >> conv(3) | sepconv(3) | none""",
    "resizes on either side": """node a [4, 2, 2]
        node b [4, 4, 4] merge mean then bn >> relu
        link z -> a = linear
        link a -> b = nearest >> conv(5) | conv(3) >> nearest | bilinear >> conv(1) | bicubic
          | nearest >> bn >> relu >> conv(3, dilation=2) | conv(1, out=16) >> pixel_shuffle
          | deconv(4)
        link a -> image = nearest >> group_norm(2) >> silu >> conv(5) | bilinear | nearest
        link b -> image = conv(3)""",
    "one grid, several sources and targets": """node a, b, c, d [4, 4, 4]
        link z -> {a, b} = linear
        link {a, b} -> {c, d} = conv(3) | conv(1) | identity
        link {c, d} -> image = relu >> conv(3) | elu""",
    "products, concatenations, means": """node a, b [4, 4, 4]
        node c [8, 4, 4] merge concat then prelu
        node d [4, 4, 4] merge product then layer_norm
        link z -> {a, b} = linear
        link {a, b} -> c = conv(3) | identity
        link {a, b} -> d = tanh | sigmoid >> conv(3)
        link c -> image = conv(3) | conv(1) >> gelu
        link d -> image = instance_norm | selu""",
    # Resizes and sums wait before other nodes, but not before those that read a second one.
    "merges with modules": """input n [1, 4, 4]: noise
        node w [5] then relu
        node a [4, 2, 2]
        node m [6, 4, 4] merge modconv(3, equal=true) then bn >> relu
        node f [6, 4, 4] merge film then bn >> relu
        node t [4, 4, 4] merge modconv(1, demodulate=false, bias=false)
        link z -> {w, a} = linear
        link a -> m = nearest | nearest >> conv(3) | bilinear
        link w -> m = linear | linear(3) >> relu >> linear
        link m -> f = conv(3) >> bn(affine=false) | instance_norm(affine=false) | identity
        link w -> f = linear(equal=true) | linear
        link n -> f2 = gain(0.5) >> expand | conv(3)
        link f -> f2 = identity
        link f2 -> t = conv(3) | identity
        link w -> t = linear
        node f2 [6, 4, 4] then relu
        link t -> image = conv(3) | identity
        link a -> image = nearest >> conv(3) | bicubic""",
    "halves": """node a [4, 8, 8]
        link z -> a = linear
        link a -> image = factorized_reduce | relu >> factorized_reduce >> bn
          | conv(2, stride=2)""",
    "strides": """node a [4, 4, 4]
        node b [4, 2, 2]
        link z -> a = linear
        link a -> b = conv(3, stride=2) | conv(1, stride=2) | conv(4, stride=2, groups=2) | conv(1)
          >> max_pool(2) | sepconv(2, stride=2) | nearest(2) >> conv(5, stride=4, spectral=true)
        link b -> image = deconv(3, groups=2) | deconv(1) | deconv(4) | deconv(2, spectral=true)
        link a -> image = conv(2, stride=2) >> relu >> nearest | conv(3) | identity""",
    "attention": """node a [8, 4, 4] then bn
        link z -> a = linear(spectral=true)
        link a -> image = attention >> conv(3) | attention(pool=2, bias=true) >> conv(1, equal=true)
          | attention(full=true, spectral=true) >> conv(3, equal=true) | conv(3, spectral=true)""",
    "heads": """node a [16, 2, 2] then bn
        link z -> a = linear(equal=true)
        link a -> image = attention(heads=2, spectral=true) >> deconv(4, groups=2, equal=true)""",
}


def mixtures(space):
    """All candidates, one, and two of each edge."""
    random = torch.Generator().manual_seed(3)
    soft, one, some = {}, {}, {}
    for edge in space.choices:
        count = len(edge.candidates)
        weights = torch.rand(count, generator=random, dtype=torch.float64)
        first = int(torch.randint(count - edge.candidates[-1].is_none, (), generator=random))
        soft[edge.name] = weights.softmax(0)
        one[edge.name] = OneCandidate(first, weights[first])
        pair = tuple(sorted((first, (first + 1) % count)))
        some[edge.name] = SomeCandidates(pair, weights)
    return soft, one, some


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("training", [True, False])
def test_passes_and_executor_change_no_result(name, training):
    space = autorecon.loads(HEAD + PROGRAMS[name])
    build = autorecon.generator if space.is_genotype else autorecon.supernet
    net = build(space, seed=0).double()
    for mixture in mixtures(space):
        assert prove(net, mixture, kept(mixture), training) > 1


def test_of_values_used_twice_only_sums_that_stacks_took_over_are_rewritten():
    """A value that is stacked for one target stays a term of the others."""
    plan = lower(autorecon.loads(HEAD + PROGRAMS["two residual branches"]))
    (image,) = (s for s in autorecon.lowering.optimise(plan).steps if s.outs == ("image",))
    assert isinstance(image, Merge)
    assert {"q->a", "q->b"} <= {term.value for term in image.terms}


def test_a_pass_that_drops_a_term_is_found(monkeypatch):
    right = Stack.__call__

    def wrong(self: Stack, plan: Plan) -> Plan:
        *steps, last = right(self, plan).steps
        assert isinstance(last, Merge)
        less = attrs.evolve(last, terms=last.terms[1:])
        return without_idle(attrs.evolve(plan, steps=(*steps, less)))

    monkeypatch.setattr(Stack, "__call__", wrong)
    net = autorecon.generator(autorecon.loads(HEAD + PROGRAMS["two residual branches"]), seed=0)
    with pytest.raises(Differs, match="stack: "):
        prove(net.double(), {}, {}, True)


def test_faults_in_shapes_kernels_and_places_are_found():
    plan = autorecon.lowering.optimise(
        lower(autorecon.loads(HEAD + PROGRAMS["one grid, several sources and targets"]))
    )
    stack = next(s for s in plan.steps if isinstance(s, Convolve) and len(s.outs) == 2)
    merge = next(s for s in plan.steps if isinstance(s, Merge) and len(s.terms) > 1)
    for old, changes in (
        (stack, {"kernels": stack.kernels[:1]}),
        (stack, {"kernels": tuple(row[:1] for row in stack.kernels)}),
        (stack, {"groups": 2}),
        (stack, {"scale": 2}),
        (stack, {"grid": stack.grid._replace(size=1)}),
        (merge, {"kind": "concat"}),
        (merge, {"terms": ()}),
    ):
        steps = tuple(attrs.evolve(s, **changes) if s is old else s for s in plan.steps)
        with pytest.raises(ValueError, match=r"of its shape|row|kernel|merges|size|grouped|grid"):
            check_plan(attrs.evolve(plan, steps=steps))
