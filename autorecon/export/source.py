"""A generator as Python source: one class that needs torch alone, with the same state dict."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from types import ModuleType

import torch
from torch import nn

from autorecon.export.errors import ExportError
from autorecon.export.forward import INDENT, WIDTH, statements
from autorecon.export.names import class_name
from autorecon.lang import show_shape
from autorecon.lowering import lower
from autorecon.lowering.plan import Apply, Join, Place
from autorecon.nn import Generator
from autorecon.nn.builders import constant, layer_of, own_plan
from autorecon.nn.layers import Function
from autorecon.nn.modules import HELPERS

_HELPERS = {kind.__name__: kind for kind in HELPERS}
_IMPORTS = {
    "torch.": "import torch",
    "nn.": "from torch import Tensor, nn",
    "F.": "from torch.nn import functional as F",
    "parametrize.": "from torch.nn.utils import parametrize",
    "spectral_norm(": "from torch.nn.utils.parametrizations import spectral_norm",
}
_IMPORTED = {"F", "Tensor", "annotations", "nn", "parametrize", "spectral_norm", "torch", *_HELPERS}

_HEAD = '''"""{space}: a generator of {image} images, {weights:,} weights.

    import torch
    from safetensors.torch import load_file

    from {stem} import {name}

    net = {name}()
    net.load_state_dict(load_file("{stem}.safetensors"))
    images = net.eval()({example})
"""

from __future__ import annotations

'''
_CLASS = '''class {name}(nn.Module):
    """{about}"""

    def __init__(self) -> None:
        super().__init__()
{layers}

{once}    def forward(self, z: Tensor, y: {label}) -> Tensor:
{body}

    def put(self, name: str, layer: nn.Module) -> None:
        """Register a layer under its name in the state dict, which need not be an identifier."""
        *path, last = name.split(".")
        place: nn.Module = self
        for part in path:
            place = place._modules.setdefault(part, nn.Module())
        place._modules[last] = layer

    def __getitem__(self, name: str) -> nn.Module:
        """The layer of that name."""
        place: nn.Module = self
        for part in name.split("."):
            place = place._modules[part]
        return place
'''
# A weight that is normalised is so once a call, as in the generator.
_ONCE = "    @parametrize.cached()\n"


def source(net: Generator, stem: str = "generator") -> str:
    """The text of `STEM.py`, whose class computes what `net` does, in training mode as well.

    Raises ExportError for an operation of a user's own that does not give its code.
    """
    plan, names = lower(net.space), net.layer_names
    calls = [step for step in plan.steps if isinstance(step, Apply | Join)]
    # Layers that edges share are made once.
    texts = {names[call.place]: _layer(call) for call in calls}
    made = {name: text for name, text in texts.items() if text is not None}
    made |= {n: constant(net.space.nodes[n]).text for n in net.constants}
    body = statements(net, plan, _IMPORTED)
    read = {source for step in plan.steps for source in step.sources}
    labelled = any(n.name in read for n in net.space.program.inputs if n.role == "label")
    values = _values(net, labelled) | {
        "stem": stem,
        "layers": _indented(line for item in made.items() for line in _put(*item)),
        "body": _indented(body),
        "once": _ONCE if _normalises_twice(calls, names) else "",
    }
    text = _CLASS.format(**values)
    used = [kind for name, kind in _HELPERS.items() if re.search(rf"\b{name}[(.]", text)]
    helpers = map(inspect.getsource, used)
    text = "\n\n".join([*helpers, text])
    imports = "\n".join(line for use, line in _IMPORTS.items() if use in text)
    return f"{_HEAD.format(**values)}{imports}\n\n\n{text}"


def source_class(net: Generator) -> str:
    """The name of the class in the source of `net`."""
    name = class_name(net.space.name)
    return f"{name}Net" if name in _IMPORTED else name


def _normalises_twice(calls: Iterable[Apply | Join], names: Mapping[Place, str]) -> bool:
    """Whether a layer with a weight that is normalised is called by several edges."""
    layers = [names[call.place] for call in calls if call.op.args.get("spectral")]
    return len(set(layers)) < len(layers)


def _layer(call: Apply | Join) -> str | None:
    """The text that makes its layer; None for a function."""
    op, own = call.op, own_plan(call.typed)
    if own is None:
        layer = layer_of(call.typed)
        return None if isinstance(layer, Function) else layer.text
    if own.code is not None:
        return own.code
    raise ExportError(
        f"`{op.name}` is an operation of your own ({op.spec.origin}), which a .py file that stands "
        "alone has not: give its OpPlan a `code`, or export to .pt2 or .onnx"
    )


def _values(net: Generator, labelled: bool) -> dict[str, object]:
    noise = f"torch.randn(16, {net.latent})"
    labels = f" and labels y [N] in 0 .. {net.classes - 1}" if labelled else "; y is not read"
    sizes = ", ".join(map(str, net.space.output.shape))
    about = f"Noise z [N, {net.latent}]{labels}" if net.latent else f"Nothing of z{labels}"
    return {
        "space": net.space.name,
        "name": source_class(net),
        "image": show_shape(net.space.output.shape),
        "weights": sum(p.numel() for p in net.parameters()),
        "example": f"{noise}, torch.randint({net.classes}, (16,))" if labelled else noise,
        "about": f"{about} -> images [N, {sizes}].",
        "label": "Tensor" if labelled else "Tensor | None = None",
    }


def _put(name: str, layer: str) -> list[str]:
    line = f'self.put("{name}", {layer})'
    fits = len(line) <= WIDTH - INDENT
    return [line] if fits else ["self.put(", f'    "{name}",', f"    {layer},", ")"]


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(" " * INDENT + line for line in lines)


def loaded(text: str, net: Generator) -> nn.Module:
    """An instance of the class in the source of `net`, with its weights, in evaluation mode."""
    module = ModuleType("exported")
    dtype = next((p.dtype for p in net.parameters()), torch.float32)
    try:
        # The text was made above, of identifiers, numbers and what operations of the user's own
        # say, and running it is the check.
        exec(compile(text, "<exported source>", "exec"), module.__dict__)
        twin: nn.Module = getattr(module, source_class(net))()
        twin.to(dtype).load_state_dict(net.state_dict())
    # What somebody else says may raise anything.
    except Exception as error:
        own = _own_operations(net)
        if not own:
            raise
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        message = f"the `code` of {own} does not make what its `build` does: {reason}"
        raise ExportError(message) from error
    return twin.eval()


def _own_operations(net: Generator) -> str:
    steps = (step for step in lower(net.space).steps if isinstance(step, Apply | Join))
    return " or ".join(dict.fromkeys(f"`{s.op.name}`" for s in steps if s.op.spec.is_own))
