"""Every method in its own file, which reads like its paper; importing this registers them all.

Each is a value of `method.Method`; in come answers of teacher and student on a batch, out come
losses. The order is that of `autorecon methods`: the oldest first, by family.
"""

from importlib import import_module

NAMES = (
    "noise", "calibration", "dfq", "zeroq", "dfc", "gdfq", "qimera", "ait", "adadfq", "hast", "plf",
    "synq", "gptaq",
    "zskd", "dafl", "dfad", "kegnet", "abm", "deepinversion", "choi", "fast", "nayer",
)  # fmt: skip

for _name in NAMES:
    import_module(f"{__name__}.{_name}")
