"""The published code of GDFQ, Qimera, AIT and AdaDFQ on a teacher of ours, as many steps as ours.

    git clone https://github.com/xushoukai/GDFQ
    pip install termcolor
    python tools/published.py gdfq GDFQ --bits w3a3 --bits w2a4 --seeds 2
    python tools/published.py gdfq GDFQ --teacher mobilenetv2-fashion32 --bits w2a4

CODE is the folder of its `main.py`: of iamkanghyunchoi/ait its GDFQ_AIT, of hfutqian/AdaDFQ its
AdaDFQ/CIFAR. Its generator, quantizers, losses, optimisers and settings for CIFAR are what runs;
only steps, batch and image are ours, its decays of the rates come at the quarters of the student's
steps, and its `.cuda()` stays on the processor. As there, the weights of all layers are quantized
and what each rectifier gives, nothing else. Told is the accuracy on the test images before the
student's first step and after its last, and the processor's seconds of all steps.

While ranges follow, its QuantAct divides what was divided before by 1 - 0.9^t: ranges are far too
wide until some 150 batches were seen. That is undone, as hundreds of batches undo it where the code
has its own number of steps; `--as-published` leaves it. Code of CODE is run: use a clone you trust.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import importlib
import io
import re
import statistics
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import click
import torch
from torch import Tensor, fx, nn

from agreement import Command
from autorecon import data, teachers
from autorecon.compress.quantization.bits import Bits, as_bits
from autorecon.data import Dataset

BATCH = 16
"""Which AdaDFQ's code demands."""

EPOCH, _LOOP = 5, "iters = 200"
"""Steps that a published trainer is called for at a time, and how it says its own."""


@attrs.frozen
class Published:
    """A file of settings, and those that its script for CIFAR-10 or its parser adds."""

    conf: str
    settings: dict[str, Any] = attrs.Factory(dict)


_QIMERA = {"multi_label_prob": 0.4, "multi_label_num": 2, "no_DM": True, "noise_scale": 1.0}
_AIT = {"ce_scale": 0.0, "kd_scale": 1.0, "adalr": True, "alpha_iter": 5, "save": False}
PUBLISHED = {
    "gdfq": Published("cifar100_resnet20.hocon"),
    "qimera": Published("cifar10_resnet20.hocon", _QIMERA),
    "ait": Published(
        "cifar10_resnet20.hocon", _AIT | {"passing_threshold": 1e-3, "threshold_decay_rate": 0.1}
    ),
    "adadfq": Published("cifar10_resnet20.hocon"),
}

_NAMES = {nn.Conv2d: "conv", nn.Linear: "output"}
"""By which AIT's code finds the weights that are quantized."""


class Renamed(nn.Module):
    """A network of ours that answers as pytorchcv's do, with features where they are asked for.

    Each place that calls a layer has its own, so that no two rectifiers share a range.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        graph, layers = fx.Tracer().trace(net), dict[str, nn.Module]()
        for node in graph.find_nodes(op="call_module"):
            layer = net.get_submodule(str(node.target))
            node.target = f"{node.name}.{_NAMES.get(type(layer), 'layer')}"
            layers[node.target] = copy.deepcopy(layer)
        output = graph.output_node()
        [logits] = output.all_input_nodes
        [features] = logits.all_input_nodes
        output.args = ((logits, features),)
        self.net = fx.GraphModule(layers, graph)

    def forward(self, x: Tensor, out_feature: bool = False) -> Any:
        logits, features = self.net(x)
        return (logits, features) if out_feature else logits


class Code:
    """What of the published code is used, imported from its folder onto the processor."""

    def __init__(self, folder: Path, published: Published) -> None:
        # Alone: the rest of main.py asks for GPUs, CIFAR and the networks of pytorchcv.
        text = _text(folder / "main.py")
        found = re.search(r"^class Generator\(.*?(?=^class )", text, re.M | re.S)
        # What is only printed: Qimera's compares shapes that numpy of now refuses.
        training = re.sub(r"\bd_acc = .*", "d_acc = 0.0", _text(folder / "trainer.py"))
        if not found or _LOOP not in training:
            raise click.ClickException(f"{folder} is not the code that this was written for")
        self.settings = _settings(_text(folder / published.conf)) | published.settings
        sys.path.insert(0, str(folder))
        torch.Tensor.cuda = nn.Module.cuda = lambda self, *_, **__: self
        torch.cuda.device_count = lambda: 1
        self.quantizers = importlib.import_module("quantization_utils.quant_modules")
        own = importlib.import_module("utils")
        # Only printed too, by a view that torch of now refuses.
        own.compute_singlecrop = lambda **_: (0.0, 0.0, 0.0)
        self.rates = own.LRPolicy
        self.trainer = _defined(training.replace(_LOOP, f"iters = {EPOCH}"))["Trainer"]
        self.generator = _defined(found[0], torch=torch, nn=nn)["Generator"]

    def quantized(self, net: nn.Module, bits: Bits, mended: bool) -> nn.Module:
        """`net`, its layers and rectifiers replaced by those that compute with `bits`."""
        for name, child in net.named_children():
            setattr(net, name, self._replaced(child, bits, mended))
        return net

    def _replaced(self, child: nn.Module, bits: Bits, mended: bool) -> nn.Module:
        kinds = {nn.Conv2d: self.quantizers.Quant_Conv2d, nn.Linear: self.quantizers.Quant_Linear}
        if isinstance(child, nn.ReLU | nn.ReLU6):
            ranged = self.quantizers.QuantAct(activation_bit=bits.activations)
            if mended:
                ranged.beta_t.zero_()
            return nn.Sequential(child, ranged)
        if type(child) not in kinds:
            return self.quantized(child, bits, mended)
        layer = kinds[type(child)](weight_bit=bits.weights)
        layer.set_param(child)
        return layer


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError as error:
        told = f"{file}: {error.strerror}; is that the folder of a clone's main.py?"
        raise click.ClickException(told) from None


def _defined(text: str, **given: Any) -> dict[str, Any]:
    exec(text, given)
    return given


def _settings(text: str) -> dict[str, Any]:
    lines = re.findall(r"^(\w+)\s*=\s*([^#\n]+)", text, re.M)
    return {name: ast.literal_eval(value.strip()) for name, value in lines}


@attrs.frozen
class Bench:
    """A teacher of ours and published code, of which `taught` trains one student."""

    code: Code
    teacher: teachers.Teacher
    dataset: Dataset
    batch: int = BATCH

    def net(self) -> nn.Module:
        """The teacher anew, with the gradients that the published code leaves on."""
        return Renamed(teachers.load(self.teacher.name).module).requires_grad_(True)

    def settings(self, bits: Bits, rate: float, warmup: int, steps: int) -> Any:
        """Its own, but for these, the image and when the rates decay."""
        first, epochs = warmup // EPOCH, (warmup + steps) // EPOCH
        decays = [first + round(steps / EPOCH * quarter / 4) for quarter in (1, 2, 3)]
        own = SimpleNamespace(**self.code.settings)
        own.qw, own.qa, own.lr_S = bits.weights, bits.activations, own.lr_S * rate
        own.nEpochs, own.warmup_epochs, own.batchSize = epochs, first, self.batch
        own.step_S = own.step_G = own.threshold_decay_ep = decays
        own.channels, own.img_size, _ = self.teacher.image_shape
        own.nClasses = self.teacher.classes
        return own

    def taught(self, own: Any, seed: int, mended: bool) -> tuple[float, float, float]:
        """Accuracy before the student's first step and after its last, and the steps' seconds."""
        student = self.code.quantized(self.net(), Bits(own.qw, own.qa), mended)
        teacher = self.net()
        torch.manual_seed(seed)
        trainer = self.code.trainer(
            model=student, model_teacher=teacher, generator=self.code.generator(own),
            lr_master_S=self._rates(own, "S"), lr_master_G=self._rates(own, "G"),
            train_loader=None, test_loader=None, settings=own, logger=None,
        )  # fmt: skip
        ranged = [m for m in student.modules() if isinstance(m, self.code.quantizers.QuantAct)]
        begun, calibrated, spent = time.process_time(), 0.0, 0.0
        for epoch in range(own.nEpochs):
            if epoch == own.warmup_epochs:
                for quantizer in ranged:
                    quantizer.fix()
                spent += time.process_time() - begun
                calibrated = self.measured(student)
                begun = time.process_time()
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                trainer.train(epoch)
        spent += time.process_time() - begun
        return calibrated, self.measured(student), spent

    def _rates(self, own: Any, of: str) -> Any:
        settings = vars(own)
        rates = self.code.rates(settings[f"lr_{of}"], own.nEpochs, settings[f"lrPolicy_{of}"])
        rates.set_params(
            {"step": settings[f"step_{of}"], "decay_rate": settings[f"decayRate_{of}"]}
        )
        return rates

    def measured(self, student: nn.Module) -> float:
        return data.accuracy(student, self.dataset)


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("method", type=click.Choice(list(PUBLISHED)))
@click.argument("code", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--teacher", "name", default="resnet20-fashion16", type=click.Choice(teachers.names()),
    show_default=True,
)  # fmt: skip
@click.option("--bits", "widths", multiple=True, default=["w3a3"], show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=2, show_default=True, help="How many.")
@click.option("--warmup", type=click.IntRange(EPOCH), default=75, show_default=True)
@click.option("--steps", type=click.IntRange(EPOCH), default=125, show_default=True)
@click.option("--batch", type=click.IntRange(2), default=BATCH, show_default=True)
@click.option("--rate", default=1.0, show_default=True, help="Multiplies the student's rate.")
@click.option("--as-published", is_flag=True, help="Leave the fault of its ranges.")
def main(method: str, code: Path, name: str, widths: tuple[str, ...], seeds: int, warmup: int,
         steps: int, batch: int, rate: float, as_published: bool) -> None:  # fmt: skip
    """Train quantized students of a teacher with the published CODE of METHOD."""
    bits, teacher = [as_bits(text) for text in widths], teachers.load(name)
    assert teacher.data
    if method == "adadfq" and batch != BATCH:
        raise click.BadParameter(f"its loss takes {BATCH} alone", param_hint="--batch")
    if warmup % EPOCH or steps % EPOCH:
        raise click.BadParameter(f"must be multiples of {EPOCH}", param_hint="--warmup, --steps")
    torch.set_num_threads(1)
    dataset = data.load(teacher.data, size=teacher.size)
    bench = Bench(Code(code, PUBLISHED[method]), teacher, dataset, batch)
    for width in bits:
        own = [bench.settings(width, rate, warmup, steps) for _ in range(seeds)]
        found = [bench.taught(each, seed, not as_published) for seed, each in enumerate(own)]
        calibrated, after, spent = zip(*found, strict=True)
        told = ", ".join(f"{figure:.2f}" for figure in after)
        before, seconds = ", ".join(f"{f:.2f}" for f in calibrated), statistics.fmean(spent)
        click.echo(f"{method} {width}: {told} %, calibrated {before} %, {seconds:.0f} s each")


if __name__ == "__main__":
    main()
