"""What a net says of noise and labels that it does not take."""

from __future__ import annotations

import pytest
import torch

import autorecon
from autorecon.lang import SpaceError
from autorecon.nn.net import InputMisfit

LABELLED = (
    "space s\ninput z [4]: noise\ninput y: label(3)\nnode a [2]\noutput image [1, 2, 2]\n"
    "link z -> a = linear\nlink y -> a = embed\nlink a -> image = linear | none\n"
)
PLAIN = "space s\ninput z [4]: noise\noutput image [1, 2, 2]\nlink z -> image = linear\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(2, 5), torch.tensor([0, 1])), r"noise is \[N, 4\] here, not \[2, 5\]"),
        ((torch.zeros(4), torch.tensor([0])), r"noise is \[N, 4\] here, not \[4\]"),
        ((torch.zeros(2, 4),), r"labels are whole numbers \[N\] from 0 to 2, not none"),
        ((torch.zeros(2, 4), torch.zeros(2, 3)), r"not float32 \[2, 3\]: `net\(z, y\)`"),
    ],
)
def test_inputs_that_do_not_fit_are_told(arguments: tuple, message: str) -> None:
    net = autorecon.supernet(autorecon.graph.loads(LABELLED))
    with pytest.raises(InputMisfit, match=message):
        net(*arguments)


def test_labels_may_be_left_out_where_there_are_none() -> None:
    space = autorecon.graph.loads(PLAIN)
    for net in (autorecon.supernet(space), autorecon.generator(space)):
        assert net(torch.zeros(2, 4)).shape == (2, 1, 2, 2)


def test_a_parameter_that_is_no_number_is_told() -> None:
    with pytest.raises(SpaceError, match=r"`size` is a number, or true or false; .* '64'"):
        autorecon.load("gdfq-cifar", size="64")
