from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autorecon.compress.quantization.calls import weighted_calls
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.norms import fold_batch_norms
from autorecon.compress.reconstruction.statistics import Statistics, known_statistics


def test_values_are_given_the_mean_and_the_deviation_that_are_known() -> None:
    known = Statistics(torch.tensor([1.0, -2.0]), torch.tensor([0.5, 3.0]))
    values = 4 * torch.randn(7, 2, 3, 3, generator=torch.Generator().manual_seed(0)) + 1
    correct = known.correction(values)
    corrected = correct(values).transpose(0, 1).flatten(1)
    torch.testing.assert_close(corrected.mean(1), known.mean)
    torch.testing.assert_close(corrected.std(1, correction=0), known.deviation)
    # Others go the same way: a difference is scaled and no more.
    scale = known.deviation / values.transpose(0, 1).flatten(1).std(1, correction=0)
    torch.testing.assert_close(
        correct(values + 1) - correct(values), (scale[None, :, None, None]).expand_as(values)
    )


def test_a_channel_that_nothing_reaches_is_shifted_alone() -> None:
    known = Statistics(torch.tensor([3.0]), torch.tensor([2.0]))
    found = known.correction(torch.full((5, 1), 7.0))(torch.full((5, 1), 7.0))
    torch.testing.assert_close(found, torch.full((5, 1), 3.0))


class Norms(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)
        self.plain = nn.BatchNorm2d(2, affine=False)
        nn.init.constant_(self.norm.weight, -3.0)
        nn.init.constant_(self.norm.bias, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.plain(F.relu(self.norm(self.conv(x)))))
        return x.mean((2, 3))


def test_norms_tell_them_by_offset_and_factor_folded_or_not() -> None:
    first, second = known_statistics(capture(Norms().eval(), (1, 4, 4))).values()
    assert first.mean.tolist() == [0.5, 0.5]
    assert first.deviation.tolist() == [3.0, 3.0]
    assert second.mean.tolist() == [0.0, 0.0]
    assert second.deviation.tolist() == [1.0, 1.0]
    traced = capture(Norms().eval(), (1, 4, 4))
    traced.meta["folded"] = fold_batch_norms(traced)
    (call,) = weighted_calls(traced)
    found = known_statistics(traced)
    assert found[call.node].deviation.tolist() == [3.0, 3.0]
    assert len(found) == 2
