"""The .space language: text to a checked program. Knows nothing of torch."""

from autorecon.lang.check.check import check, declared_parameters, load_program
from autorecon.lang.check.genotype import decide, format_genotype
from autorecon.lang.diagnostics.faults import Diagnostic, SpaceError, did_you_mean
from autorecon.lang.library import find_space, shipped_spaces
from autorecon.lang.operations.shapes import Label, Shape, show_shape
from autorecon.lang.operations.spec import LabelInput, OpPlan, show_value
from autorecon.lang.operations.user_operations import OpError, load_ops, op
from autorecon.lang.program.candidates import Op, Pipeline
from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.program.nodes import Node
from autorecon.lang.program.program import Program
from autorecon.lang.resources import resource_folder
from autorecon.lang.source import Source, Span

__all__ = [
    "Decision",
    "Diagnostic",
    "Edge",
    "Label",
    "LabelInput",
    "Node",
    "Op",
    "OpError",
    "OpPlan",
    "Pipeline",
    "Program",
    "Shape",
    "Source",
    "SpaceError",
    "Span",
    "check",
    "decide",
    "declared_parameters",
    "did_you_mean",
    "find_space",
    "format_genotype",
    "load_ops",
    "load_program",
    "op",
    "resource_folder",
    "shipped_spaces",
    "show_shape",
    "show_value",
]
