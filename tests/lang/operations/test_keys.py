"""Keys of operations: no two alike, whatever users call theirs; known ones as they ever were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.lang import LabelInput, Op, Pipeline
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.operations.spec import OWN, OpPlan, OpSpec, Param, Value

# Made to be taken for one another, and for what the catalogue calls with arguments.
NAMES = [
    *("a", "a_b", "a_nob", "a_b_d", "ab", "aTrue", "am", "a1", "a1_b2", "two", "two1", "two1p"),
    *("conv3", "conv3_d2", "conv_d", "bn_eps", "bn_relu", "bn_noaffine", "bn_affine_eps"),
    *("linear_nobias_spectral", "linear_out", "ccbn_y", "ccbn_y_eps", "leaky", "elu_alpha"),
]
WHOLE, MAYBE, FLAG = Param("k", int, None, True), Param("dilation", int, 1), Param("bias", bool)
# Of one operation, arguments that could be taken for one another.
GROUPS = [
    [Param("a", bool, True), Param("noa", bool, False)],
    [Param("a", bool, False), Param("b", bool, False), Param("a_b", bool, False)],
    [Param("d", int, 1), MAYBE],
    [Param("a", int, 0), Param("a1", int, 0)],
    [Param("a", int, 0), Param("am", int, 0)],
    [Param("b", int, 0)],
    [],
]
LABELS = [LabelInput(name, 3) for name in ("y", "b", "y_eps", "y_eps0p5", "d2", "m1", "relu")]
VALUES: dict[type, list[Value]] = {
    int: [0, 1, -1, 2, 11, 12],
    float: [0.0, 0.5, 0.1 + 0.2, 0.3, 1e-5, 1e16, -1.5],
    bool: [False, True],
    str: ["", "a b", "ab", "a.b", "apb", "a-b", "1", "true", "y", "~a", "%20"],
    LabelInput: LABELS,
}


@st.composite
def _signatures(draw: st.DrawFn) -> tuple[Param, ...]:
    first = draw(st.sampled_from([[], [WHOLE], [WHOLE], [Param("r", float, None, True)]]))
    group = draw(st.sampled_from(GROUPS))
    kind = draw(st.sampled_from([int, float, bool, str, LabelInput]))
    last = draw(st.sampled_from([[], [], [Param("last", kind, None, True)]]))
    return (*first, *group, *last)


def _own(name: str, params: tuple[Param, ...]) -> OpSpec:
    def plan(args: object, source: tuple, target: tuple) -> OpPlan:
        return OpPlan(source, object)

    free = (lambda a, i, o: o), (lambda a, i, o: (0, 0))
    return OpSpec(name, "", params, *free, plan=plan, origin="tests")


def _ops(spec: OpSpec) -> Iterator[Op]:
    """All that there are of a few values."""
    given = [VALUES[p.type] if p.required else [p.default, *VALUES[p.type]] for p in spec.params]
    most = {0: 0, 1: 9, 2: 8, 3: 6}.get(len(given), 4)
    return (Op(spec.name, values) for values in product(*(each[:most] for each in given)))


@settings(max_examples=12, deadline=None)
@given(signatures=st.lists(_signatures(), min_size=len(NAMES), max_size=len(NAMES)))
def test_different_operations_have_different_keys(signatures: Sequence[tuple[Param, ...]]) -> None:
    specs = dict(zip(NAMES, map(_own, NAMES, signatures), strict=True))
    with pytest.MonkeyPatch.context() as patch:
        for name, spec in specs.items():
            patch.setitem(OWN, name, spec)
        own = _keyed(specs.values())
        assert not own.keys() & _of_the_catalogue().keys()
        _check(own)


def test_those_of_the_catalogue_have_as_well() -> None:
    _check(_of_the_catalogue())


def _keyed(specs: Iterable[OpSpec]) -> dict[str, set[Op]]:
    known: dict[str, set[Op]] = defaultdict(set)
    for spec in specs:
        for op in _ops(spec):
            known[op.key].add(op)
    return known


@cache
def _of_the_catalogue() -> dict[str, set[Op]]:
    return _keyed(CATALOGUE.values())


def _check(known: dict[str, set[Op]]) -> None:
    assert not [alike for alike in known.values() if len(alike) > 1]
    # A path is split at dots, and a pipeline's key has a dash between its operations.
    assert not any(set(key) & {".", "-", " "} for key in known)


def test_a_pipeline_is_told_from_others_and_from_its_operations() -> None:
    conv, relu = Op("conv", (3, 1, 1, None, True, False, 1, False)), Op("relu", ())
    pipelines = [(conv,), (relu,), (conv, relu), (relu, conv), (conv, relu, relu)]
    assert len({Pipeline(ops).key for ops in pipelines}) == len(pipelines)


@pytest.mark.parametrize(
    ("op", "key"),
    [
        (Op("conv", (5, 2, 1, None, True, False, 1, False)), "conv5_d2"),
        (Op("conv", (3, 1, 4, 8, False, True, 1, False)), "conv3_g4_out8_nobias_spectral"),
        (Op("conv", (4, 1, 1, None, True, False, 2, False)), "conv4_s2"),
        (Op("deconv", (4, 1, None, True, False, 1, False)), "deconv4_s1"),
        (Op("deconv", (3, 2, None, False, False, 4, False)), "deconv3_nobias_g4"),
        (Op("bn", (1e-5, 0.1, False)), "bn_noaffine"),
        (Op("leaky_relu", (0.2,)), "leaky_relu_slope0p2"),
        (Op("ccbn", (LabelInput("my_y", 3), 1e-6, 0.1)), "ccbn_my_y_eps1em06"),
        (Op("ccbn", (LabelInput("y_eps", 3), 1e-5, 0.1)), "ccbn(y_eps)"),
    ],
)
def test_keys_of_the_catalogue_are_names_and_arguments_run_together(op: Op, key: str) -> None:
    assert op.key == key


@pytest.mark.parametrize(
    ("name", "params", "values", "key"),
    [
        ("swish_conv", (WHOLE, MAYBE, FLAG), (3, 2, True), "swish_conv(3,dilation=2,bias=true)"),
        ("mine", (MAYBE,), (1,), "mine()"),
        ("mine", (MAYBE,), (2,), "mine(dilation=2)"),
        ("mine", (WHOLE,), (-2,), "mine(m2)"),
        ("two", (WHOLE, Param("l", int, None, True)), (11, 2), "two(11,2)"),
        ("conv3", (), (), "conv3()"),
        ("bn_noaffine", (), (), "bn_noaffine()"),
        ("mine", (WHOLE, Param("label", LabelInput, None, True)), (3, LABELS[0]), "mine(3,y)"),
    ],
)
def test_keys_of_own_operations_have_brackets(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    params: tuple[Param, ...],
    values: tuple[Value, ...],
    key: str,
) -> None:
    monkeypatch.setitem(OWN, name, _own(name, params))
    assert Op(name, values).key == key
