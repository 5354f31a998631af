"""A generator of 8x8 images that takes no time, in place of one that somebody designed."""

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
