"""Networks of others, as the library's spaces have them, against plain forms after their code."""

from __future__ import annotations

from random import Random
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

import autorecon
from autorecon.graph.sampling.sample import valid_sample
from autorecon.lowering.plan import Place

WIDTH, SMALL = 4, {"size": 16, "width": 4, "channels": 1}


class Unet(nn.Module):
    """`UnetGenerator` of pytorch-CycleGAN-and-pix2pix, without dropout."""

    def __init__(self, depth: int, channels: int, width: int) -> None:
        super().__init__()
        sizes = [width * min(2**i, 8) for i in range(depth)]
        block = None
        for i in reversed(range(depth)):
            outer = sizes[i - 1] if i else channels
            block = UnetBlock(outer, sizes[i], block, outermost=not i, innermost=i == depth - 1)
        self.model = block

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class UnetBlock(nn.Module):
    def __init__(self, outer, inner, within, *, outermost, innermost) -> None:
        super().__init__()
        down = nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=False)
        wide = inner if innermost else 2 * inner
        up = nn.ConvTranspose2d(wide, outer, 4, stride=2, padding=1, bias=outermost)
        before = [down] if outermost else [nn.LeakyReLU(0.2, inplace=True), down]
        before += [] if outermost or innermost else [nn.BatchNorm2d(inner)]
        after = [nn.ReLU(inplace=True), up, nn.Tanh() if outermost else nn.BatchNorm2d(outer)]
        self.outermost = outermost
        self.model = nn.Sequential(*before, *([within] if within else []), *after)

    def forward(self, x: Tensor) -> Tensor:
        # In place, so that what is concatenated has gone through the leaky relu as well.
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


def relu_conv_bn(kernel: int, channels: int = WIDTH, out: int = WIDTH) -> nn.Module:
    conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(out))


class NasBench(nn.Module):
    """`InferCell` of NAS-Bench-201 three times, between what the space joins them by."""

    OPS: ClassVar = {
        "none": lambda: None,
        "identity": nn.Identity,
        "avg_pool(3)": lambda: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
        "1": lambda: relu_conv_bn(1),
        "3": lambda: relu_conv_bn(3),
    }

    def __init__(self, names: list[list[str]]) -> None:
        super().__init__()
        self.stem = nn.Linear(10, WIDTH * 16)
        self.parts = nn.ModuleList()
        for number in range(3):
            rows = [[self.OPS[name]() for name in row] for row in names]
            self.parts.append(nn.ModuleList(nn.ModuleList(row) for row in rows))
            if number < 2:
                up = nn.ConvTranspose2d(WIDTH, WIDTH, 4, stride=2, padding=1, bias=False)
                self.parts.append(nn.Sequential(nn.ReLU(), up, nn.BatchNorm2d(WIDTH)))
        conv = nn.Conv2d(WIDTH, 1, 3, padding=1)
        self.head = nn.Sequential(nn.BatchNorm2d(WIDTH), nn.ReLU(), conv, nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        x = self.stem(z).view(-1, WIDTH, 4, 4)
        for part in self.parts:
            x = part(x) if isinstance(part, nn.Sequential) else joined(part, [x])[-1]
        return self.head(x)


def joined(rows: nn.ModuleList, nodes: list[Tensor]) -> list[Tensor]:
    """The nodes of a cell, each the sum of what leads to it from those before."""
    for row in rows:
        pairs = zip(row, nodes, strict=True)
        nodes = [*nodes, sum(op(n) for op, n in pairs if op is not None)]
    return nodes


def separable(kernel: int, dilation: int = 1, stride: int = 1) -> list[nn.Module]:
    how = {"dilation": dilation, "stride": stride, "padding": dilation * (kernel - 1) // 2}
    return [
        nn.ReLU(),
        nn.Conv2d(WIDTH, WIDTH, kernel, **how, groups=WIDTH, bias=False),
        nn.Conv2d(WIDTH, WIDTH, 1, bias=False),
        nn.BatchNorm2d(WIDTH),
    ]


class Darts(nn.Module):
    """`Cell` of DARTS' network three times; names by node and by what leads to it."""

    OPS: ClassVar = {
        "max_pool(3)": lambda: nn.MaxPool2d(3, stride=1, padding=1),
        "avg_pool(3)": lambda: nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
        "identity": nn.Identity,
        "sep3": lambda: nn.Sequential(*separable(3), *separable(3)),
        "sep5": lambda: nn.Sequential(*separable(5), *separable(5)),
        "dil3": lambda: nn.Sequential(*separable(3, 2)),
        "dil5": lambda: nn.Sequential(*separable(5, 2)),
    }

    def __init__(self, names: list[list[str]]) -> None:
        super().__init__()
        self.stem, self.norm = nn.Linear(10, 3 * WIDTH * 16), nn.BatchNorm2d(3 * WIDTH)
        self.cells = nn.ModuleList()
        for inputs in ((3, 3), (3, 4), (4, 4)):
            before = [relu_conv_bn(1, n * WIDTH) for n in inputs]
            rows = [[self.OPS[n]() if n != "none" else None for n in row] for row in names]
            self.cells.append(nn.ModuleList([nn.ModuleList(r) for r in [before, *rows]]))
        self.head = nn.Conv2d(4 * WIDTH, 1, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        first = second = self.norm(self.stem(z).view(-1, 3 * WIDTH, 4, 4))
        for number, ((p, q), *rows) in enumerate(self.cells):
            size = 4 * 2**number
            before, after = (nn.functional.interpolate(x, size=size) for x in (first, second))
            nodes = joined(rows, [p(before), q(after)])
            first, second = second, torch.cat(nodes[2:], 1)
        return self.head(second).tanh()


class FactorizedReduce(nn.Module):
    """That of DARTS' code."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(channels, WIDTH // 2, 1, stride=2, padding=0, bias=False)
        self.conv_2 = nn.Conv2d(channels, WIDTH // 2, 1, stride=2, padding=0, bias=False)
        self.bn = nn.BatchNorm2d(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))


class BothCells(Darts):
    """A normal cell, a reduction cell, a normal one, and one at twice the first's resolution."""

    HALVES: ClassVar = {
        "max_pool(3, stride=2)": lambda: nn.MaxPool2d(3, stride=2, padding=1),
        "avg_pool(3, stride=2)": lambda: nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
        "relu >> factorized_reduce >> bn": lambda: FactorizedReduce(WIDTH),
        "sep3": lambda: nn.Sequential(*separable(3, 1, 2), *separable(3)),
        "sep5": lambda: nn.Sequential(*separable(5, 1, 2), *separable(5)),
        "dil3": lambda: nn.Sequential(*separable(3, 2, 2)),
        "dil5": lambda: nn.Sequential(*separable(5, 2, 2)),
    }

    def __init__(self, normal: list[list[str]], reduction: list[list[str]]) -> None:
        super().__init__([])
        self.stem, self.norm = nn.Linear(10, 3 * WIDTH * 64), nn.BatchNorm2d(3 * WIDTH)
        wide, cell = 4 * WIDTH, 3 * WIDTH
        before = [
            (relu_conv_bn(1, cell), relu_conv_bn(1, cell)),
            (relu_conv_bn(1, cell), relu_conv_bn(1, wide)),
            (FactorizedReduce(wide), relu_conv_bn(1, wide)),
            (relu_conv_bn(1, wide), relu_conv_bn(1, wide)),
        ]
        self.cells = nn.ModuleList()
        for number, pair in enumerate(before):
            rows = reduction if number == 1 else normal
            made = [self._row(row, halves=number == 1) for row in rows]
            self.cells.append(nn.ModuleList([nn.ModuleList(pair), *made]))

    def _row(self, row: list[str], halves: bool) -> nn.ModuleList:
        kinds = [self.HALVES if halves and place < 2 else self.OPS for place in range(len(row))]
        ops = (k[name]() if name != "none" else None for k, name in zip(kinds, row, strict=True))
        return nn.ModuleList(ops)

    def forward(self, z: Tensor) -> Tensor:
        first = second = self.norm(self.stem(z).view(-1, 3 * WIDTH, 8, 8))
        for number, ((p, q), *rows) in enumerate(self.cells):
            if number == 3:
                first, second = (nn.functional.interpolate(x, size=16) for x in (first, second))
            nodes = joined(rows, [p(first), q(second)])
            first, second = second, torch.cat(nodes[2:], 1)
        return self.head(second).tanh()


def assert_same(net: autorecon.nn.Generator, plain: nn.Module, blocks: str = "") -> None:
    """Images of a step in training, and after it, with the same parameters: those of ours in the
    order of the plan, but block by block, as edges lead into them."""
    plain.double().train(), net.double().train()
    targets = {e.name: e.target for e in net.space.edges}

    def rank(place: Place) -> int:
        return 1 + blocks.find(targets.get(place.owner, place.owner)[0])

    places = sorted(net._places, key=rank) if blocks else net._places
    given = [p for place in places for p in net._places[place].parameters()]
    taken = list(plain.parameters())
    assert [p.shape for p in given] == [p.shape for p in taken]
    with torch.no_grad():
        for mine, theirs in zip(taken, given, strict=True):
            mine.copy_(theirs)
    z, _ = net.example_inputs(3)
    z = z.double()
    maps = z.unflatten(1, net.noise[0].shape)
    torch.testing.assert_close(net(z), plain(maps))
    torch.testing.assert_close(net.eval()(z), plain.eval()(maps))


@pytest.mark.parametrize(("depth", "size"), [(3, 8), (5, 32)])
def test_pix2pix(depth: int, size: int) -> None:
    space = autorecon.load("pix2pix", depth=depth, size=size, width=2, channels=2)
    assert_same(autorecon.generator(space, seed=0), Unet(depth, 2, 2))


# Options in the order of the code, of the ways into the first node, the second, the third.
@pytest.mark.parametrize("picks", [(3, 3, 3, 1, 3, 3), (4, 2, 1, 0, 2, 4)])
def test_nas_bench_201(picks: tuple[int, ...]) -> None:
    space = autorecon.load("nas-bench-201", latent=10, **SMALL)
    assert space.architectures == 5**6
    found = space.genotype(picks)
    assert_same(autorecon.generator(found, seed=0), NasBench(chosen(found, "C1", "n1 n2 n3")))


@pytest.mark.parametrize("seed", [0, 1])
def test_darts(seed: int) -> None:
    space = autorecon.load("darts", latent=10, **SMALL)
    # Seven operations on two of the ways into each node: the paper's number.
    assert space.valid_architectures == (1 * 3 * 6 * 10) * 7**8
    found = space.genotype(valid_sample(space, Random(seed)))
    assert_same(
        autorecon.generator(found, seed=0), Darts(chosen(found, "A", "n1 n2 n3 n4")), "ABCi"
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_both_cells_of_darts(seed: int) -> None:
    space = autorecon.load("darts-reduction", latent=10, **SMALL)
    # The paper's number: each of the two cells has as many as one.
    assert space.valid_architectures == (180 * 7**8) ** 2
    found = space.genotype(valid_sample(space, Random(seed)))
    cells = [chosen(found, cell, "n1 n2 n3 n4") for cell in "AR"]
    assert_same(autorecon.generator(found, seed=0), BothCells(*cells), "ARBCi")


def chosen(found: autorecon.Space, cell: str, nodes: str) -> list[list[str]]:
    """What leads into each node of a cell, in the words of `OPS`."""
    into = {f"{cell}.{node}": [] for node in nodes.split()}
    for edge in found.edges:
        if edge.target in into:
            into[edge.target].append(short(edge.candidates[0].text))
    return list(into.values())


def short(text: str) -> str:
    if "sepconv" in text:
        kind = "dil" if "dilation" in text else "sep"
        return f"{kind}{text[text.index('sepconv(') + 8]}"
    return text[text.index("conv(") + 5] if "conv" in text else text
