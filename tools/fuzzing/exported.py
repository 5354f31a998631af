"""Generators as files, run by those that know nothing of AutoReCon."""

from __future__ import annotations

import warnings
from pathlib import Path
from random import Random

import onnxruntime
import torch

import autorecon
from autorecon import Space
from autorecon.export import export
from fuzzing.judge import Difference
from fuzzing.language import valid_ones
from fuzzing.nets import MOST, stir

BATCH = 3
TOLERANCE = 1e-4  # of float32, of the largest value


def check_exported(space: Space, random: Random, folder: Path) -> int:
    """How many files answer as the net does; 0 for a space that is too large or has none."""
    valid = valid_ones(space)
    if valid is None or max(space.cost.parameters.max, space.cost.activations.max) > MOST:
        return 0
    found = space.genotype(valid.sample(random))
    net = autorecon.generator(found, seed=1)
    stir(net, 1)
    net.eval()
    given = net.example_inputs(batch=BATCH)
    alone = onnxruntime.SessionOptions()
    alone.intra_op_num_threads = 1
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        expected = net(*given)
        for name in ("fuzz.onnx", "fuzz.pt2"):
            export(net, folder / name, force=True)
        session = onnxruntime.InferenceSession(folder / "fuzz.onnx", alone)
        names = [one.name for one in session.get_inputs()]
        feeds = {name: value.numpy() for name, value in zip(names, given, strict=False)}
        (images,) = session.run(None, feeds)
        _alike("images of a .onnx", torch.from_numpy(images), expected)
        archived = torch.export.load(folder / "fuzz.pt2").module()
        _alike("images of a .pt2", archived(*given), expected)
    return 2


def _alike(kind: str, found: torch.Tensor, expected: torch.Tensor) -> None:
    scale = expected.abs().max().clamp_min(1e-6)
    error = float((found - expected).abs().max() / scale)
    if not error <= TOLERANCE:
        raise Difference(kind, f"{error:.1e} of the largest value")
