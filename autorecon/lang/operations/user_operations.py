"""Operations of a user's own: signature, shape, cost and module in one decorated function."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any

from autorecon.lang.operations.catalogue import CATALOGUE, MAX_SIZE
from autorecon.lang.operations.shapes import Label, Shape, ShapeFault
from autorecon.lang.operations.spec import OWN, Args, LabelInput, OpPlan, OpSpec, Param
from autorecon.lang.user_modules import import_own

Function = Callable[..., OpPlan]
_KINDS = (int, float, bool, LabelInput)


class OpError(ValueError):
    """An operation of a user's own, or the module that should declare some, that is no use."""

    exit_code = 2


def op(function: Function) -> Function:
    """Add `function(source, target, ...)` as the operation of its name.

    Its further parameters are the operation's arguments, annotated with int, float, bool or
    LabelInput; `int | None = None` is one that may stay open. It is called without torch, as often
    as the checker likes, with the shape that comes in and that of the node that the edge leads to,
    and returns an OpPlan. A ValueError says that it cannot take them (E0401). Raises OpError.
    """
    name, origin = function.__name__, f"{function.__module__}.{function.__qualname__}"
    if name in CATALOGUE:
        raise OpError(f"{origin}: `{name}` is built into the language; choose another name")
    if name in OWN and OWN[name].origin != origin:
        raise OpError(f"{origin}: `{name}` is an operation of {OWN[name].origin} already")
    params = _params(function, origin)

    def plan(args: Args, source: Shape, target: Shape) -> OpPlan:
        return _checked(_called(function, name, args, source, target), name)

    def shape(args: Args, source: Shape, target: Shape) -> Shape:
        return plan(args, source, target).shape

    about = (inspect.getdoc(function) or name).partition("\n")[0]
    OWN[name] = OpSpec(name, about, params, shape, lambda a, i, o: (0, 0), plan=plan, origin=origin)
    return function


def load_ops(*modules: str) -> None:
    """Import modules that declare operations; OpError where that fails, or one declares none."""
    for module in modules:
        known = len(OWN)
        import_own(module, OpError)
        if len(OWN) == known and not any(o.origin.startswith(f"{module}.") for o in OWN.values()):
            message = "declares no operations: decorate a function with @autorecon.op"
            raise OpError(f"{module} {message}")


def _params(function: Function, origin: str) -> tuple[Param, ...]:
    try:
        hints = typing.get_type_hints(function)
    except NameError as error:
        raise OpError(f"{origin}: {error} in an annotation") from None
    parameters = list(inspect.signature(function).parameters.values())
    if [p.name for p in parameters[:2]] != ["source", "target"]:
        raise OpError(f"{origin}: its first two parameters must be `source` and `target`")
    return tuple(_param(p, hints.get(p.name), origin) for p in parameters[2:])


def _param(parameter: inspect.Parameter, hint: Any, origin: str) -> Param:
    kinds = [k for k in typing.get_args(hint) if k is not NoneType]
    kind = kinds[0] if len(kinds) == 1 and _is_union(hint) else hint
    known = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    if kind not in _KINDS or not known:
        message = "must be annotated with int, float, bool or autorecon.LabelInput"
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


def _called(function: Function, name: str, args: Args, source: Shape, target: Shape) -> Any:
    if isinstance(source, Label):
        raise ShapeFault(f"`{name}` cannot take a label", "`embed` makes a vector of it")
    try:
        return function(source, target, **args)
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
