"""Values as scripts read them."""

from __future__ import annotations

import json
import sys
from typing import Any


def json_text(values: Any) -> str:
    """Indented JSON. Counts of architectures have as many digits as they have."""
    limit = sys.get_int_max_str_digits()
    # Python's limit guards against the digits of others; these are of a checked space.
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(values, indent=2)
    finally:
        sys.set_int_max_str_digits(limit)
