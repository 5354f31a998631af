"""Spaces of 8x8 images that take no time."""

from __future__ import annotations

PLAIN = """
space plain(classes = 3, channels = 1, size = 8, width = 4)
input z [4]: noise
input y: label(classes)
node code [4] merge product
node seed [width, size/2, size/2] then bn
node high [width, size, size] then bn >> leaky_relu(0.2)
output image [channels, size, size]
link z -> code = identity
link y -> code = embed
link code -> seed = linear
link seed -> high = nearest >> conv(3)
link high -> image = conv(3) >> tanh >> bn(affine=false)
"""
"""One that somebody could have designed."""

PAPER = """
space paper(classes = 3, channels = 1, size = 8, width = 4, latent = 4)
input z [latent]: noise
input y: label(classes)
node code [latent] merge product
node a [width, size/2, size/2] then bn >> leaky_relu(0.2)
node b, c, d [width, size, size] then bn >> leaky_relu(0.2)
output image [channels, size, size]
link z -> code = identity
link y -> code = embed
link code -> a = linear
link a -> {b, c} = nearest | bilinear
link {b, c} -> d = conv(1) | conv(3) | conv(5, dilation=2) | identity | none
link d -> image = conv(3) >> tanh >> bn(affine=false)
"""
"""One cell of the paper's space, with all kinds of edges but those between cells."""
