"""For each code that a few lines can show: lines with the fault, and lines without it.

They stand below HEAD, which is a whole space. Codes of genotypes and of files have none.
"""

from __future__ import annotations

HEAD = """\
space example
input z [8]: noise
output image [3, 16, 16]
link z -> image = linear
"""


_CELL = "block cell(n) {\n  in a [n]\n  out b [n]\n  link a -> b = relu\n}\n"
_CELLS = "\nlink z -> A.a = linear\nlink B.b -> image = linear"


def _through(node: str, *edges: str) -> str:
    """A node `a` on a way from the noise to the image."""
    return "\n".join([f"node a {node}", *edges, "link a -> image = linear"])


EXAMPLES: dict[str, tuple[str, str]] = {
    "E0101": ("let side =", "let side = 4"),
    "E0102": ("let side = 16 @ 4", "let side = 16 / 4"),
    "E0104": ("space another", ""),
    "E0201": ("let width = 8\nlet side = widht / 2", "let width = 8\nlet side = width / 2"),
    "E0202": ("op fill = conf(3)", "op fill = conv(3)"),
    "E0203": (
        _through("[8]", "lnk z -> a = relu"),
        _through("[8]", "link z -> a = relu"),
    ),
    "E0204": (
        _through("[8]", "link zz -> a = relu"),
        _through("[8]", "link z -> a = relu"),
    ),
    "E0205": (
        "B1 = cell(4)",
        f"{_CELL}B1 = cell(4)\nlink z -> B1.a = linear\nlink B1.b -> image = linear",
    ),
    "E0206": ("let a = 4\nlet a = 8", "let a = 4\nlet b = 8"),
    "E0207": ("edge grow enlarge = nearest", "edge grow enlarges = nearest"),
    "E0209": (
        _through("[8] merge max", "link z -> a = relu"),
        _through("[8] merge mean", "link z -> a = relu"),
    ),
    "E0210": ("edge some = {relu, tanh} - elu", "edge some = {relu, tanh} - tanh"),
    "E0211": ("edge some = relu - relu", "edge some = {relu, tanh} - relu"),
    "E0301": ("let half = 7 / 2", "let half = 7 / 2.0"),
    "E0302": ("op wide = conv(3, padding=1)", "op wide = conv(3)"),
    "E0303": ("op wide = bn(64)", "op wide = bn(0.64)"),
    "E0304": ("let a = 8 / (4 - 2^2)", "let a = 8 / (4 - 2)"),
    "E0305": ("let large = 10^30", "let large = 10^9"),
    "E0306": (
        "choice width = 8 | 16\n" + _through("[width]", "link z -> a = linear(width) >> linear"),
        "choice width = 8 | 16\n" + _through("[width]", "link z -> a = linear"),
    ),
    "E0401": (
        _through("[8]", "link z -> a = conv(3)"),
        _through("[8]", "link z -> a = linear"),
    ),
    "E0402": (
        _through("[6]", "link z -> a = relu"),
        _through("[6]", "link z -> a = linear >> relu"),
    ),
    "E0403": (
        "edge same keeps = linear\n" + _through("[6]", "same z -> a"),
        "edge same keeps = linear\n" + _through("[8]", "same z -> a"),
    ),
    "E0404": (
        f"{_CELL}A = cell(8)\nB = cell(4) after A{_CELLS}",
        f"{_CELL}A = cell(8)\nB = cell(8) after A{_CELLS}",
    ),
    "E0405": (
        _through("[6] merge concat", "link z -> a = identity"),
        _through("[8] merge concat", "link z -> a = identity"),
    ),
    "E0406": (
        "choice width = 8 | 16\n" + _through("[width]", "link z -> a = linear >> layer_norm"),
        "choice width = 8 | 16\n" + _through("[width]", "link z -> a = linear >> bn"),
    ),
    "E0501": (
        _through("[8]", "node b [8]", "link {z, b} -> a = relu", "link a -> b = relu"),
        _through("[8]", "node b [8]", "link {z, b} -> a = relu", "link z -> b = relu"),
    ),
    "E0502": ("output other [8]", ""),
    "E0503": (_through("[8]"), _through("[8]", "link z -> a = relu")),
    "E0504": ("node a [8]\nlink z -> a = relu", _through("[8]", "link z -> a = relu")),
    "E0505": (
        "link z -> image = linear(bias=false)",
        _through("[8]", "link z -> a = linear(bias=false)"),
    ),
    "E0507": ("link image -> z = linear", _through("[8]", "link z -> a = linear")),
    "E0508": (
        _through("[8]", "input y: label(10)", "input w: label(2)", "link {y, w} -> a = embed"),
        _through("[8]", "input y: label(10)", "input w: label(10)", "link {y, w} -> a = embed"),
    ),
    "E0701": ('use "nowhere.space"', 'use "paper.space"'),
    "E0801": (
        _through("[8]", "link z -> a = relu | none", "rule at least 2 none into a"),
        _through("[8]", "link z -> a = relu | none", "rule at least 1 none into a"),
    ),
    "E0802": (
        _through("[8]", "link z -> a = linear | relu", "limit params <= 10k"),
        _through("[8]", "link z -> a = linear | relu", "limit params <= 13850"),
    ),
    "E0803": (
        _through("[8]", "link z -> a = relu | none", "rule exactly 1 none", "rule exactly 1 relu"),
        _through("[8]", "link z -> a = relu | none", "rule exactly 1 none"),
    ),
    "E0901": (
        _through("[8]", "link z -> a = relu | tanh", "share choice z -> a, z -> image"),
        _through("[8]", "link z -> a = relu | tanh", "node b [8]", "link z -> b = relu | tanh")
        + "\nlink b -> image = linear\nshare choice z -> a, z -> b",
    ),
    # warnings
    "W0201": (
        _through("[8]", "optional link z -> a = relu | none"),
        _through("[8]", "optional link z -> a = relu"),
    ),
    "W0301": (
        _through("[8, 8, 8]", "link z -> a = linear >> conv(3, dilation=64)"),
        _through("[8, 8, 8]", "link z -> a = linear >> conv(3)"),
    ),
    "W0302": (
        _through("[8, 8, 8]", "link z -> a = linear >> conv(3, 2)"),
        _through("[8, 8, 8]", "link z -> a = linear >> conv(3, dilation=2)"),
    ),
    "W0401": (
        _through("[8, 8, 3]", "link z -> a = linear"),
        _through("[3, 8, 8]", "link z -> a = linear"),
    ),
    "W0402": (
        "node a [8, 4, 4]\nlink z -> a = linear\n"
        "link a -> image = nearest >> conv(3) >> nearest >> conv(3)",
        "node a [8, 4, 4]\nlink z -> a = linear\n"
        "link a -> image = nearest(2) >> conv(3, out=8) >> nearest >> conv(3)",
    ),
    "W0403": (
        _through("[8, 8, 8]", "link z -> a = linear >> relu >> linear"),
        _through("[8, 8, 8]", "link z -> a = linear(32) >> relu >> linear"),
    ),
    "W0801": (
        _through("[8]", "link z -> a = relu | tanh", "rule at most 1 tanh into a"),
        _through("[8]", "link z -> a = relu | tanh"),
    ),
    "W0802": ("limit params >= 0", ""),
    "W0803": (
        _through("[8]", "link z -> a = relu | tanh", "rule if z -> a = gelu then at most 0 linear"),
        _through("[8]", "link z -> a = relu | tanh", "rule if z -> a = tanh then at most 0 linear"),
    ),
    "W0901": (
        "choice act = relu | tanh",
        "choice act = relu | tanh\n" + _through("[8]", "link z -> a = act"),
    ),
}
