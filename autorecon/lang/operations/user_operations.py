"""Operations and merges of a user's own: signature, shape, cost and module in one decorated
function."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any

from autorecon.lang.operations.catalogue import CATALOGUE, MAX_SIZE
from autorecon.lang.operations.merges import MERGE_CATALOGUE, OWN_MERGES, MergeSpec, as_part
from autorecon.lang.operations.shapes import Label, Shape, ShapeFault
from autorecon.lang.operations.spec import OWN, Args, LabelInput, OpPlan, OpSpec, Param
from autorecon.lang.user_modules import import_own

Function = Callable[..., OpPlan]
_KINDS = (int, float, bool, str, LabelInput)


class OpError(ValueError):
    """An operation of a user's own, or the module that should declare some, that is no use."""

    exit_code = 2


def op(function: Function) -> Function:
    """Add `function(source, target, ...)` as the operation of its name, or
    `function(sources, target, ...)` as the merge.

    Its further parameters are the operation's arguments, annotated with int, float, bool, str or
    LabelInput; `int | None = None` is one that may stay open. It is called without torch, as often
    as the checker likes, with the shape that comes in and that of the node that the edge leads to,
    and returns an OpPlan. A merge gets a tuple of the shapes that the node's edges bring, in the
    order of the text, and no labels. A ValueError says that it cannot take them (E0401, of a merge
    E0405). Raises OpError.
    """
    name, origin = function.__name__, f"{function.__module__}.{function.__qualname__}"
    known = {**OWN, **OWN_MERGES}
    if name in CATALOGUE or name in MERGE_CATALOGUE:
        raise OpError(f"{origin}: `{name}` is built into the language; choose another name")
    if name in known and known[name].origin != origin:
        raise OpError(f"{origin}: `{name}` is an operation of {known[name].origin} already")
    params, merges = _params(function, origin)
    about = (inspect.getdoc(function) or name).partition("\n")[0]

    def plan(args: Args, read: Any, target: Shape) -> OpPlan:
        return _checked(_called(function, name, args, read, target), name)

    def shape(args: Args, read: Any, target: Shape) -> Shape:
        return plan(args, read, target).shape

    OWN.pop(name, None), OWN_MERGES.pop(name, None)
    if merges:
        OWN_MERGES[name] = MergeSpec(
            name, about, params, shape, _free, as_part, plan=plan, origin=origin
        )
    else:
        OWN[name] = OpSpec(name, about, params, shape, _free, plan=plan, origin=origin)
    return function


def _free(args: Args, read: Any, out: Shape) -> tuple[int, int]:
    """What it costs, its plan says."""
    return 0, 0


def load_ops(*modules: str) -> None:
    """Import modules that declare operations; OpError where that fails, or one declares none."""
    for module in modules:
        known = len(OWN) + len(OWN_MERGES)
        import_own(module, OpError)
        own = [*OWN.values(), *OWN_MERGES.values()]
        if len(own) == known and not any(o.origin.startswith(f"{module}.") for o in own):
            message = "declares no operations: decorate a function with @autorecon.op"
            raise OpError(f"{module} {message}")


def _params(function: Function, origin: str) -> tuple[tuple[Param, ...], bool]:
    """Those behind the first two, and whether these say that it is a merge."""
    try:
        hints = typing.get_type_hints(function)
    except NameError as error:
        raise OpError(f"{origin}: {error} in an annotation") from None
    parameters = list(inspect.signature(function).parameters.values())
    first = [p.name for p in parameters[:2]]
    merges = first == ["sources", "target"]
    if not merges and first != ["source", "target"]:
        message = "its first two parameters must be `source` and `target`, of a merge `sources`"
        raise OpError(f"{origin}: {message} and `target`")
    params = tuple(_param(p, hints.get(p.name), origin) for p in parameters[2:])
    if merges and any(param.type is LabelInput for param in params):
        raise OpError(f"{origin}: a merge reads a label by an edge, `embed`, and not by its name")
    return params, merges


def _param(parameter: inspect.Parameter, hint: Any, origin: str) -> Param:
    kinds = [k for k in typing.get_args(hint) if k is not NoneType]
    kind = kinds[0] if len(kinds) == 1 and _is_union(hint) else hint
    known = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    if kind not in _KINDS or not known:
        message = "must be annotated with int, float, bool, str or autorecon.LabelInput"
        raise OpError(f"{origin}: its parameter `{parameter.name}` {message}")
    if parameter.default is parameter.empty:
        return Param(parameter.name, kind, required=True)
    default = parameter.default
    if kind is float and type(default) is int:
        default = float(default)
    if kind is LabelInput or (default is not None and type(default) is not kind):
        message = "must have none" if kind is LabelInput else f"is no {kind.__name__}"
        raise OpError(f"{origin}: the default of its parameter `{parameter.name}` {message}")
    return Param(parameter.name, kind, default)


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (UnionType, typing.Union)


def _called(function: Function, name: str, args: Args, read: Any, target: Shape) -> Any:
    if isinstance(read, Label):
        raise ShapeFault(f"`{name}` cannot take a label", "`embed` makes a vector of it")
    try:
        return function(read, target, **args)
    except ValueError as error:
        raise ShapeFault(f"`{name}`: {error}", "its function says so") from error
    # It is somebody else's code: anything may be raised.
    except Exception as error:
        raise OpError(f"`{name}` failed with {type(error).__name__}: {error}") from error


def _checked(plan: Any, name: str) -> OpPlan:
    if not isinstance(plan, OpPlan):
        raise OpError(f"`{name}` returned a {type(plan).__name__}, not an autorecon.OpPlan")
    sizes = plan.shape if isinstance(plan.shape, tuple) else ()
    if len(sizes) not in (1, 3) or not all(_whole(s, 1) and s <= MAX_SIZE for s in sizes):
        raise OpError(f"`{name}` gives the shape {plan.shape!r}, not 1 or 3 whole numbers")
    if not _whole(plan.parameters, 0) or not _whole(plan.macs, 0):
        raise OpError(f"`{name}`: its parameters and macs must be whole numbers")
    if plan.code is not None and not isinstance(plan.code, str):
        raise OpError(f"`{name}`: its code must be a text")
    return plan


def _whole(value: Any, least: int) -> bool:
    return type(value) is int and value >= least
