"""One small generator with every operation of the catalogue, and every way to merge."""

from __future__ import annotations

import pytest

import autorecon
from remembered import captured_once as captured_once
from remembered import registered_once as registered_once

EVERYTHING = """
space everything(classes = 3)
input z [7]: noise
input w [2, 3, 3]: noise
input y: label(classes)
node code [7]       merge product
node v [7]          then layer_norm(affine=false) >> prelu >> ccbn(y) >> bn(affine=false)
node a [8, 4, 4]    merge mean then ccbn(y, eps=0.8) >> leaky_relu(0.1)
node b [16, 4, 4]   then attention >> instance_norm >> relu
node c [12, 8, 8]   merge concat
node d [6, 8, 8]    then prelu >> bn(momentum=0.3) >> bn >> instance_norm(affine=false)
node e [6, 8, 8]    merge product
node f [4, 8, 8]
node g [5]
node h [6, 8, 8]    merge film
node i [3, 8, 8]    merge modconv(3) then relu
node j [3]
node dead [6, 8, 8] then bn
output image [3, 8, 8]

link z -> code = identity
link y -> code = embed
link code -> v = linear >> elu(0.5) >> selu
link v -> a = linear
link y -> a = embed
link w -> a = linear(bias=false)
link a -> b = conv(3, dilation=2, groups=2) >> sigmoid
link b -> c = pixel_shuffle(2)
link a -> c = nearest
link c -> d = sepconv(3, stride=2) >> nearest >> tanh
link a -> d = deconv(4, spectral=true) >> group_norm(2) >> silu
link b -> d = attention(heads=2, pool=2, spectral=true) >> bilinear >> conv(1, equal=true)
link d -> e = avg_pool(3) >> gain(0.5, each=true) >> mask(4) >> pixel_norm
link a -> e = bicubic >> layer_norm >> conv(3, bias=false) >> group_norm(3, affine=false) >> gelu
link d -> dead = conv(3)
link dead -> image = none
link e -> image = conv(5) >> tanh
link c -> g = max_pool(2, stride=2) >> global_pool >> scale(0.5) >> linear
link g -> image = linear
link b -> f = reshape
link f -> d = conv(1)
link d -> image = conv(4, stride=2) >> deconv(3, groups=3)
link code -> image = linear(spectral=true)
link c -> h = factorized_reduce >> nearest >> bn(affine=false)
link g -> h = linear
link h -> i = conv(1, out=2) >> tanh
link y -> i = embed
link i -> image = identity
link g -> j = linear
link j -> image = expand
"""


@pytest.fixture
def everything() -> autorecon.Space:
    return autorecon.loads(EVERYTHING)
