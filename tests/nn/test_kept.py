"""What is kept of a forward pass: counted once, and let go with the graph."""

from __future__ import annotations

import gc
import weakref

import torch
from torch import nn

from autorecon.nn.kept import Kept


def test_each_storage_counts_once_and_weights_do_not() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    kept = Kept(net)
    with kept.taken():
        net(torch.randn(3, 4))
    # The images, and what the ReLU gives, which both it and the layer after it keep.
    assert (kept.bytes, kept.largest) == (4 * 3 * (4 + 8), 4 * 3 * 8)


class Mark:
    """Something that lives as long as the operation that it is put on."""


def test_a_graph_of_which_notes_were_taken_is_let_go() -> None:
    """An operation that keeps what it gives would else be held by itself."""
    x, mark = torch.randn(3, requires_grad=True), Mark()
    kept, lives = Kept(nn.Module()), weakref.ref(mark)
    with kept.taken():
        y = x.tanh()
    assert y.grad_fn is not None
    y.grad_fn.metadata["mark"] = mark
    del mark, y
    gc.collect()
    assert lives() is None
    assert kept.bytes == 4 * 3


def test_gradients_are_those_without_notes() -> None:
    x = torch.randn(3, requires_grad=True)
    with Kept(nn.Module()).taken():
        y = x.tanh()
    y.sum().backward()
    torch.testing.assert_close(x.grad, 1 - y.detach().square())
