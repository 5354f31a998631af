"""What may be known of an operation beside its shape and cost, for passes to rely on."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Traits:
    """Each is a promise, which tests/nn/test_traits.py holds against the operation's numbers.

    By default none is made: of a user's own operation nothing is known, and it is left alone.
    """

    none: bool = False  # it contributes nothing
    identity: bool = False  # it passes its input on
    stateless: bool = False  # without weights or statistics: the same on the same input, always
    by_channels: bool = False  # the shapes of its weights depend on channels alone
    pointwise: bool = False  # to copies of a pixel it does what it does to the pixel; no MACs
    norm: bool = False  # it takes statistics, and need not train on a single position
    counts_positions: bool = False  # its running variance depends on how many there are
    convolution: bool = False  # its arguments say which, its module has `weight` and `bias`
    moves: bool = False  # it may give another resolution than it takes
    reshapes: bool = False  # of any shape it makes, left open, the target's
    resize: bool = False  # each channel by itself, linearly, in one way from size to size
    repeats: bool = False  # from a size to a multiple, it repeats pixels
    from_result: bool = False  # backward needs its result alone; its module has a switch `inplace`
    channelwise: bool = False  # the first channels that it gives are made of the first ones alone
    sliceable: bool = False  # so they are where zeros follow those, by slices of its weights
    keeps_zeros: bool = False  # channels of zeros stay so
    spares_result: bool = False  # backward needs its input at most, which its result is no part of


NO_TRAITS = Traits()


@attrs.frozen(kw_only=True)
class MergeTraits:
    """The same of a merge: promises, of which by default none is made."""

    plain: bool = False  # it has no module: a plan says it by its name
    linear: bool = False  # it is the sum of its parts, or that over their number
    stacks: bool = False  # it puts its parts one behind the other
    partial: bool = False  # a part that is `none` is left out
    symmetric: bool = False  # its parts may change places


NO_MERGE_TRAITS = MergeTraits()
