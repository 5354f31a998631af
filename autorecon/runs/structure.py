"""A nested state as a JSON structure beside a flat table of named tensors, and back.

JSON has no tuples, no infinities, no integer keys and no tensors: each of these, and every dict,
is an object with one tag. Everything else is itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from torch import Tensor

# Far below Python's recursion limit, and far above what a state dict needs.
MAX_DEPTH = 64


class MalformedState(ValueError):
    """A structure that `pack` cannot have written."""


def pack(state: Any) -> tuple[Any, dict[str, Tensor]]:
    """Split `state` into a JSON structure and the tensors that it names, which may be its own.

    Raises TypeError, saying where, for a value that a state cannot hold.
    """
    packer = _Packer()
    return packer.pack(state, ()), packer.tensors


def unpack(structure: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Undo `pack`. Raises MalformedState for anything else than its output."""
    return _Unpacker(tensors).unpack(structure, 0)


@attrs.define
class _Packer:
    tensors: dict[str, Tensor] = attrs.field(factory=dict)
    _names: dict[tuple[Any, ...], str] = attrs.field(factory=dict)
    _storages: set[int] = attrs.field(factory=set)

    def pack(self, value: Any, path: tuple[Any, ...]) -> Any:
        if len(path) > MAX_DEPTH:
            raise TypeError(f"{_spell(path)} is nested deeper than {MAX_DEPTH} levels")
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": repr(float(value))}
        if isinstance(value, Mapping):
            return {"dict": [self._item(key, item, path) for key, item in value.items()]}
        if isinstance(value, (list, tuple)):
            items = [self.pack(item, (*path, index)) for index, item in enumerate(value)]
            return items if isinstance(value, list) else {"tuple": items}
        return {"tensor": self._tensor(value, path)}

    def _item(self, key: Any, value: Any, path: tuple[Any, ...]) -> list[Any]:
        if type(key) not in (str, int):
            raise TypeError(f"{_spell(path)} has the key {key!r}: keys are strings or integers")
        return [key, self.pack(value, (*path, key))]

    def _tensor(self, value: Any, path: tuple[Any, ...]) -> str:
        whole = dense(value, _spell(path))
        memory = _memory(value)
        if memory in self._names:
            return self._names[memory]
        name = self._names[memory] = self._fresh(path)
        self.tensors[name] = alone(whole, self._storages)
        return name

    def _fresh(self, path: tuple[Any, ...]) -> str:
        name = "/".join(str(key) for key in path).encode("utf-8", "backslashreplace").decode()
        # The format keeps one name to itself; {"a": {"b": ...}} and {"a/b": ...} spell one path.
        while name in self.tensors or name == "__metadata__":
            name += "~"
        return name


@attrs.frozen
class _Unpacker:
    tensors: Mapping[str, Tensor]

    def unpack(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise MalformedState(f"it is nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, list):
            return [self.unpack(item, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) != 1:
            raise MalformedState("an object of its structure has not exactly one tag")
        ((tag, body),) = value.items()
        return self._tagged(tag, body, depth)

    def _tagged(self, tag: str, body: Any, depth: int) -> Any:
        if tag == "float" and body in ("inf", "-inf", "nan"):
            return float(body)
        if tag == "tensor" and isinstance(body, str) and body in self.tensors:
            return self.tensors[body]
        if tag == "tuple" and isinstance(body, list):
            return tuple(self.unpack(item, depth + 1) for item in body)
        if tag == "dict" and isinstance(body, list):
            return self._dict(body, depth)
        raise MalformedState(f"its structure has a wrong {tag!r}")

    def _dict(self, body: list[Any], depth: int) -> dict[str | int, Any]:
        result = {key: self.unpack(item, depth + 1) for key, item in _pairs(body)}
        if len(result) != len(body):
            raise MalformedState("a dict of its structure has a key twice")
        return result


def _pairs(body: list[Any]) -> Iterator[tuple[str | int, Any]]:
    for pair in body:
        if not isinstance(pair, list) or len(pair) != 2 or type(pair[0]) not in (str, int):
            raise MalformedState("a dict of its structure is not a list of keys and values")
        yield pair[0], pair[1]


def dense(value: Any, name: str) -> Tensor:
    """A value that must be a plain dense tensor; TypeError, which names it, where it is none."""
    import torch

    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} is a {type(value).__name__}, not a tensor: it cannot be saved")
    if value.layout is not torch.strided or value.is_quantized or value.is_meta:
        raise TypeError(f"{name} is not a plain dense tensor")
    return value.detach()


def alone(value: Tensor, storages: set[int]) -> Tensor:
    """A dense tensor, contiguous on the CPU, that shares memory with none of `storages`, to which
    its own is added: itself where it can, since a state may take most of a machine's memory."""
    from torch import contiguous_format

    storage = value.untyped_storage()
    fills = value.numel() * value.element_size() == storage.nbytes()
    lazy = value.is_conj() or value.is_neg()
    plain = value.device.type == "cpu" and value.is_contiguous() and fills and not lazy
    if not plain or storage.data_ptr() in storages:
        return value.cpu().clone(memory_format=contiguous_format)
    storages.add(storage.data_ptr())
    return value


def _memory(value: Tensor) -> tuple[Any, ...]:
    """What two tensors have in common if they are one and the same."""
    place = (value.device, value.data_ptr(), value.dtype, value.shape, value.stride())
    return (*place, value.is_conj(), value.is_neg())


def _spell(path: tuple[Any, ...]) -> str:
    return "state" + "".join(f"[{key!r}]" for key in path)
