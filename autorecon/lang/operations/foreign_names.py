"""What torch, papers and other search spaces call the operations, to answer one who types that."""

from __future__ import annotations

import re

NAMES = {
    "conv": "conv convolution convolutional dilconv atrousconv",
    "sepconv": "separableconv depthwiseconv dwconv dsconv",
    "deconv": "convtranspose transposedconv transposeconv convtransposed tconv upconv",
    "pixel_shuffle": "depthtospace subpixel",
    "nearest": "upsample interpolate resize upsampling upsamplenearest",
    "bilinear": "linearupsample upsamplebilinear",
    "identity": "skip skipconnect skipconnection residual shortcut",
    "none": "zero zeroize",
    "linear": "dense fc fullyconnected",
    "embed": "embedding onehot",
    "attention": "selfattention attn nonlocal",
    "avg_pool": "averagepool averagepooling avgpooling meanpool",
    "max_pool": "maxpooling",
    "global_pool": "globalavgpool globalaveragepool globalaveragepooling gap adaptiveavgpool",
    "reshape": "view unflatten flatten",
    "factorized_reduce": "fr factorizedreduction factorizedreducer",
    "expand": "broadcast broadcastto repeat tile",
    "gain": "layerscale rezero",
    "pixel_norm": "pixelwisenorm pixelnormalization",
    "bn": "batchnorm batchnormalization",
    "ccbn": "conditionalbatchnorm cbn condbn categoricalconditionalbatchnorm",
    "instance_norm": "instancenormalization",
    "layer_norm": "ln layernormalization",
    "group_norm": "gn groupnormalization",
    "leaky_relu": "lrelu",
    "silu": "swish",
}
_KNOWN = {name: op for op, names in NAMES.items() for name in (op.replace("_", ""), *names.split())}


# Nodes that read a second one, as others call them; here these are merges.
_MERGED = {
    "adain adaptiveinstancenorm adaptiveinstancenormalization": (
        "nodes merge: `node a [16, 8, 8] merge film`, with `instance_norm(affine=false)` on its "
        "first edge and `linear` of the vector on its second"
    ),
    "film filmlayer scaleshift featurewiselinearmodulation": (
        "nodes merge: `node a [16, 8, 8] merge film`, with `linear` of the vector on its second "
        "edge"
    ),
    "modconv modulatedconv convmod modulatedconvolution": (
        "nodes merge: `node a [16, 8, 8] merge modconv(3)`, with `linear` of the style on its "
        "second edge"
    ),
}
_MERGES = {name: reason for names, reason in _MERGED.items() for name in names.split()}

# What is said without an operation.
_OTHERWISE = {
    "spectralnorm spectralnormalization": "it is an argument: `conv(3, spectral=true)`",
    "concat cat concatenate": "nodes merge: `node a [16, 8, 8] merge concat`",
    "add sum plus": "the edges into a node are summed",
    "mul multiply product": "nodes merge: `node a [16, 8, 8] merge product`",
    "mean average": "nodes merge: `node a [16, 8, 8] merge mean`",
    "noise randn": "noise is an input: `input z [latent]: noise`",
    "flatten reshape view unflatten": "`linear` makes the shape of the edge's target",
}
_REASONS = {n: reason for names, reason in _OTHERWISE.items() for n in names.split()} | _MERGES


def familiar(name: str) -> str | None:
    """What `BatchNorm2d`, `conv_3x3` or `skip_connect` is called here, if it is there."""
    return _KNOWN.get(_plain(name))


def absent(name: str) -> str | None:
    """How one says `Flatten` or `concat` here, where no operation is needed."""
    return _REASONS.get(_plain(name))


def merged_otherwise(name: str) -> str | None:
    """The merge that says what another library calls so."""
    return _MERGES.get(_plain(name))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", re.sub(r"\d+(d|x\d+)?$", "", name.lower()))
