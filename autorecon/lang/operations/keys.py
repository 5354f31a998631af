"""What operations are called in module paths: no two different ones alike.

One of the catalogue is called by its name and arguments run together, `conv3_d2`; a user's own,
which might be named so too, by its text, `two(1,12)` or `conv3()`: no run of names has brackets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autorecon.lang.operations.spec import LabelInput, Param, Signature, Value, show_value

Shown = Sequence[tuple[Param, Value]]

_SHORT = {"dilation": "d", "stride": "s", "groups": "g"}
# A path is split at dots, and a pipeline's key has a dash between its operations.
_PLAIN = str.maketrans({".": "p", "-": "m", " ": None})


def key(spec: Signature, shown: Shown) -> str:
    """The name of an operation whose text shows these arguments."""
    # A label may be called as an argument and its value are: `y_eps0p8`.
    labels = [value.name for _, value in shown if isinstance(value, LabelInput)]
    unclear = any(f"_{p.name}" in label for label in labels for p in spec.params)
    if spec.is_own or unclear:
        return f"{spec.name}({','.join(_written(*each) for each in shown)})"
    return (spec.name + "".join(_part(*each) for each in shown)).translate(_PLAIN)


def _written(param: Param, value: Value) -> str:
    if isinstance(value, str):
        # Whatever a text has, a key has it once and in plain letters.
        plain = "~" + re.sub(r"[^A-Za-z0-9_]", lambda found: f"%{ord(found[0]):x}%", value)
    else:
        plain = show_value(value).translate(_PLAIN)
    return plain if param.required else f"{param.name}={plain}"


def _part(param: Param, value: Value) -> str:
    if isinstance(value, LabelInput):
        return f"_{value}"
    if param.required:
        return f"{value}"
    if isinstance(value, bool):
        return f"_{param.name}" if value else f"_no{param.name}"
    return f"_{_SHORT.get(param.name, param.name)}{value}"
