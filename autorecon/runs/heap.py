"""Memory that one step frees stays with the process, for the next step to take."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # as in glibc's malloc.h
_MOST = 2**31 - 1  # bytes


def keep_freed() -> None:
    """Have glibc give nothing below 2 GiB back to the system, whose pages it would clear anew.

    A step takes and frees the same hundreds of megabytes again and again: at 224 pixels a quarter
    of its time went into that. For processes of our own alone, not for one that only imports us;
    elsewhere than on glibc nothing happens.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _MOST)
