"""Block instances: their ports, what these are bound to, and their bodies."""

from __future__ import annotations

from autorecon.lang.elaborate.arguments import call_scope
from autorecon.lang.elaborate.declarations import report_twice
from autorecon.lang.elaborate.expressions import Scope
from autorecon.lang.elaborate.state import Elaboration, Instance, Values
from autorecon.lang.syntax import tree as s


def add_instance(
    program: Elaboration, statement: s.Instance, scope: Scope
) -> tuple[str, s.BlockDef, Values] | None:
    """What to carry out: its name, its block and its arguments; None where that is unknown."""
    name, block = program.name(statement.name, scope), _block(program, statement)
    if name is None:
        return None
    if name in program.instances or name in program.nodes:
        report_twice(statement.name, program.faults)
        program.broken.update(() if name in program.instances else (name,))
        return None
    values = None
    if block:
        arguments = call_scope(statement, block.parameters, scope, program.globals, program.faults)
        values = None if arguments is None else Values(program.globals, arguments)
    instance = Instance(known=block is not None)
    if block:
        _ports(program, name, block, instance, values or program.globals)
    if statement.after:
        _bind(program, name, statement.after, instance, scope)
    program.instances[name] = instance
    if block is None or values is None:
        program.broken.add(name)
        return None
    program.charge(block.items, 1, statement.span)
    return name, block, values


def _block(program: Elaboration, statement: s.Instance) -> s.BlockDef | None:
    written = statement.block
    block = program.declared.blocks.get(written.shown)
    if block is None and not program.faults.again("E0205", written.shown, written.span):
        program.faults.unknown(
            "E0205",
            f"unknown block `{written.shown}`",
            written.span,
            written.shown,
            program.declared.blocks,
        )
    return block


def _ports(
    program: Elaboration, name: str, block: s.BlockDef, instance: Instance, scope: Scope
) -> None:
    for item in block.items:
        if isinstance(item, s.NodeDecl) and item.kind in ("in", "out"):
            ports = instance.ins if item.kind == "in" else instance.outs
            names = (program.name(port, scope) for port in item.names)
            ports += [f"{name}.{port}" for port in names if port]


def _bind(
    program: Elaboration, name: str, written: tuple[s.Name, ...], instance: Instance, scope: Scope
) -> None:
    previous = [_before(program, one, scope) for one in written]
    before = {after: program.instances[after] for after in previous if after}
    known = [after for after in previous if after]
    if len(known) < len(previous):
        program.broken.add(name)
        return
    instance.after, instance.place = tuple(known), written[0].span.to(written[-1].span)
    comparable = instance.known and all(one.known for one in before.values())
    outs = [out for after in known for out in before[after].outs]
    if comparable and len(outs) != len(instance.ins):
        _report_ports(program, name, known, len(outs), instance)
        comparable = False
    if not comparable or any(after in program.broken for after in known):
        program.broken.add(name)
    else:
        for port, out in zip(instance.ins, outs, strict=True):
            program.aliases[port] = program.aliases.get(out, out)


def _before(program: Elaboration, written: s.Name, scope: Scope) -> str | None:
    """The name of an instance above, or None after reporting that there is none."""
    name = program.name(written, scope)
    if name is None or name in program.instances:
        return name
    if not program.is_broken(name) and not program.faults.holds("E0205", written.span):
        message = f"no block instance `{name}` above"
        program.faults.unknown("E0205", message, written.span, name, program.instances)
    return None


def _report_ports(
    program: Elaboration, name: str, after: list[str], outs: int, instance: Instance
) -> None:
    several = " and ".join(f"`{one}`" for one in after)
    has = "have" if after[1:] else "has"
    message = f"{several} {has} {outs} `out`, `{name}` {len(instance.ins)} `in`"
    help = "ports are bound in order, one to one"
    if outs < len(instance.ins):
        help += f", and those of several instances: `after {', '.join(after)}, ...`"
    program.faults.report("E0404", message, instance.place, help)
