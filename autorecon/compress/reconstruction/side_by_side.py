"""A student's graph, computed with its teacher's values beside its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs
from torch import Tensor, fx

from autorecon.compress.quantization.calls import WeightedCall, parameter, weighted_calls
from autorecon.compress.reconstruction.statistics import Statistics


@attrs.frozen(eq=False)
class Both:
    """A value of the teacher, and of the student."""

    taught: Any
    found: Any


def _of_teacher(value: Any) -> Any:
    return value.taught if isinstance(value, Both) else value


def _of_student(value: Any) -> Any:
    return value.found if isinstance(value, Both) else value


class SideBySide(fx.Interpreter):
    """Computes a student's graph with quantizers and without.

    The teacher has the parameters of `taught`, the same graph as it was made of the teacher, or
    those of the student where it has not learned yet. What the nodes that are `known` give is
    scaled and shifted to those statistics, by the same numbers in both.
    """

    def __init__(
        self,
        student: fx.GraphModule,
        known: Mapping[fx.Node, Statistics] = MappingProxyType({}),
        taught: fx.GraphModule | None = None,
    ) -> None:
        super().__init__(student)
        self.graph_module, self._known = student, known
        self.taught: dict[str, Tensor] = {}
        if taught is not None:
            reads = taught.graph.find_nodes(op="get_attr")
            self.taught = {str(node.target): parameter(taught, node) for node in reads}
        self._calls = {call.node: call for call in weighted_calls(student)}

    def before(self, call: WeightedCall) -> None:
        """Called before a product with a parameter is computed."""

    def after(self, call: WeightedCall, both: Both) -> None:
        """Called with what it gave."""

    def run_node(self, n: fx.Node) -> Any:
        if n.op == "placeholder":
            images = super().run_node(n)
            return Both(images, images)
        if n.op == "get_attr":
            value = parameter(self.graph_module, n)
            return Both(self.taught.get(str(n.target), value), value)
        if n.op == "output":
            return None
        call = self._calls.get(n)
        if call is not None:
            self.before(call)
        both = self._value(n)
        if call is not None:
            self.after(call, both)
        return both

    def _value(self, n: fx.Node) -> Both:
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        taught, found = (self._called(n, args, kwargs, of) for of in (_of_teacher, _of_student))
        if n in self._known:
            as_known = self._known[n].correction(taught)
            taught, found = as_known(taught), as_known(found)
        return Both(taught, found)

    def _called(self, n: fx.Node, args: Any, kwargs: Any, side: Callable[[Any], Any]) -> Any:
        args, kwargs = (fx.node.map_aggregate(part, side) for part in (args, kwargs))
        if n.op == "call_module" and side is _of_teacher:
            return args[0]  # all modules of the graph are quantizers
        return getattr(super(), n.op)(n.target, args, kwargs)
