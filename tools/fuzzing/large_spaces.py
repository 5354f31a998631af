"""The same of graphs: what their edges, candidates, choices, rules and limits ask of analyses."""

from __future__ import annotations

from itertools import pairwise

from fuzzing.large_files import NODE, WIDE, file, lines, numbered

ODD = [f"conv({2 * i + 1})" for i in range(999)]  # candidates that keep a shape
FAN = f"node n#{NODE}\nlink z -> n# = linear\nlink n# -> image = "


def _names(count: int, letter: str = "n") -> str:
    return ", ".join(numbered(f"{letter}#", count))


@file
def parallel_nodes(size: int) -> str:
    part = f"node n#{NODE}\nlink z -> n# = linear | none\nlink n# -> image = conv(1) | none"
    return lines(WIDE, numbered(part), size)


@file
def parallel_nodes_in_sets(size: int) -> str:
    names = _names(size // 25)
    edges = (
        f"link z -> {{{names}}} = linear\nlink {{{names}}} -> image = conv(1) | conv(3) | none\n"
    )
    return f"{WIDE}node {names}{NODE}\n{edges}"


@file
def chain(size: int) -> str:
    text = f"{WIDE}node n0{NODE}\nlink z -> n0 = linear\n"
    edges = "node n{1}" + NODE + "\nlink n{0} -> n{1} = conv(1) | conv(3)"
    text = lines(text, (edges.format(i, i + 1) for i in range(size)), size - 50)
    return f"{text}link n{text.count('node') - 1} -> image = conv(1)\n"


@file
def chain_backwards(size: int) -> str:
    """Each edge stands above what leads to its source."""
    count = size // 75
    edges = "node n{0}" + NODE + "\nlink n{1} -> n{0} = conv(1) | conv(3) | none\n"
    parts = "".join(edges.format(i, i + 1) for i in range(count))
    ends = f"link n0 -> image = conv(1)\nnode n{count}{NODE}\nlink z -> n{count} = linear\n"
    return f"{WIDE}{parts}{ends}"


@file
def ring(size: int) -> str:
    return chain(size - 50) + "link n9 -> n0 = conv(1)\n"


@file
def diamonds(size: int) -> str:
    """Twice as many paths with each."""
    text = f"{WIDE}node c0{NODE}\nlink z -> c0 = linear\n"
    part = "node a{1}, b{1}, c{1}" + NODE + "\nlink c{0} -> {{a{1}, b{1}}} = conv(1) | none\n"
    part += "link {{a{1}, b{1}}} -> c{1} = conv(3) | identity"
    text = lines(text, (part.format(i, i + 1) for i in range(size)), size - 50)
    return f"{text}link c{text.count('node') - 1} -> image = conv(1)\n"


@file
def dense(size: int) -> str:
    """All edges from every node to every later one."""
    nodes = [f"n{i}" for i in range(int((size / 3.2) ** 0.5))]
    ends = f"link z -> n0 = linear\nlink {nodes[-1]} -> image = conv(1)\n"
    text = f"{WIDE}node {', '.join(nodes)}{NODE}\n{ends}"
    later = (f"{{{', '.join(nodes[i + 1 :])}}}" for i in range(len(nodes) - 1))
    return text + "".join(
        f"link {a} -> {b} = conv(1) | none\n" for a, b in zip(nodes, later, strict=False)
    )


@file
def full_sets(size: int) -> str:
    one, other = (_names(int(size**0.5) // 2, letter) for letter in "ab")
    return (
        f"{WIDE}node {one}, {other}{NODE}\nlink z -> {{{one}}} = linear\n"
        f"link {{{one}}} -> {{{other}}} = conv(1) | conv(3) | none\n"
        f"link {{{other}}} -> image = conv(1)\n"
    )


@file
def more_edges_than_there_may_be(size: int) -> str:
    names = _names(size // 25)
    return f"{WIDE}node {names}{NODE}\nlink {{{names}}} -> {{{names}}} = conv(1)\n"


@file
def concatenation(size: int) -> str:
    count = size // 25
    names = _names(count)
    return (
        f"{WIDE}node {names}{NODE}\nnode c [{3 * count}, size, size] merge concat\n"
        f"link z -> {{{names}}} = linear\nlink {{{names}}} -> c = conv(1) | conv(3)\n"
        "link c -> image = conv(1)\n"
    )


@file
def concatenation_with_gaps(size: int) -> str:
    return concatenation(size).replace("conv(1) | conv(3)", "conv(1) | none")


# Candidates.


@file
def candidates(size: int) -> str:
    return lines(
        f"{WIDE}edge mix = {' | '.join(ODD)}\n",
        numbered(FAN.replace("link n# -> image = ", "mix n# -> image")),
        size,
    )


@file
def candidates_of_many_shapes(size: int) -> str:
    part = "node n# [1#, size, size]\nlink z -> n# = linear\nmix n# -> image"
    return lines(f"{WIDE}edge mix = {' | '.join(ODD)}\n", numbered(part), size)


@file
def sets_of_candidates(size: int) -> str:
    parts = (FAN.replace("#", str(i)) + f"mix - {option}" for i, option in enumerate(ODD))
    return lines(f"{WIDE}edge mix = {' | '.join(ODD)}\n", parts, size)


@file
def one_type_many_times(size: int) -> str:
    many = "mix | " * (size // 6 - 30)
    return f"{WIDE}edge mix = conv(1) | conv(3)\nlink z -> image = {many}linear\n"


@file
def long_pipeline(size: int) -> str:
    return f"{WIDE}link z -> image = linear{' >> relu' * (size // 8 - 20)}\n"


# Choices.


@file
def choices(size: int) -> str:
    text = lines(WIDE, numbered("choice c# = relu | tanh | selu"), size * 3 // 10)
    count = text.count("choice")
    fans = (
        FAN.replace("#", str(i)).replace("\n", f" then c{i}\n", 1) + "conv(1)" for i in range(count)
    )
    return lines(text, fans, size)


def _ten_choices(options: int = 30) -> str:
    return WIDE + "".join(f"choice c{i} = {' | '.join(ODD[:options])}\n" for i in range(10))


@file
def ten_choices_of_thirty(size: int) -> str:
    return lines(_ten_choices(), (FAN.replace("#", str(i)) + f"c{i}" for i in range(10)), size)


@file
def ten_choices_of_thirty_in_a_row(size: int) -> str:
    nodes = f"node n0{NODE}\nlink z -> n0 = linear\nlink n10 -> image = conv(1)\n"
    edge = "node n{1}" + NODE + "\nlink n{0} -> n{1} = c{0} | c{2} >> relu"
    parts = (edge.format(i, i + 1, (i + 1) % 10) for i in range(10))
    return lines(_ten_choices() + nodes, parts, size)


@file
def choices_of_many_edges(size: int) -> str:
    parts = (FAN.replace("#", str(i)) + f"c{i % 10} | c{i % 7} >> relu | none" for i in range(size))
    return lines(_ten_choices(), parts, size)


@file
def pairs_of_choices(size: int) -> str:
    options = " | ".join(ODD[:60])
    head = f"{WIDE}choice a = {options}\nchoice b = {options}\n"
    part = "node n# [1#, size, size]\nlink z -> n# = linear\nlink n# -> image = a >> b"
    return lines(head, numbered(part), size)


@file
def shares(size: int) -> str:
    text = lines(WIDE, numbered(FAN + "conv(1) | conv(3) | none"), size * 7 // 10)
    pairs = (
        f"share choice n{i} -> image, n{i + 1} -> image"
        for i in range(0, text.count("node") - 1, 2)
    )
    return lines(text, pairs, size)


@file
def one_share(size: int) -> str:
    text = lines(WIDE, numbered(FAN + "conv(1) | conv(3) | none"), size * 7 // 10)
    shared = ", ".join(f"n{i} -> image" for i in range(text.count("node")))
    return f"{text}share weights {shared}\n"


# Rules and limits.


def _cells(count: int) -> str:
    """A chain of cells of five edges with four candidates."""
    cell = (
        f"edge mix = conv(1) | conv(3) | identity | none\nblock cell {{\n  in a{NODE}\n"
        f"  node b, c{NODE}\n  out d{NODE}\n  mix a -> {{b, c}}\n  mix b -> {{c, d}}\n"
        "  mix c -> d\n}\n"
    )
    names = [f"C{i}" for i in range(count)]
    rows = "".join(f"{b} = cell after {a}\n" for a, b in pairwise(names))
    ends = f"link z -> C0.a = linear\nlink {names[-1]}.d -> image = conv(1)\n"
    return f"{WIDE}{cell}C0 = cell\n{rows}{ends}"


@file
def cells(size: int) -> str:
    return _cells(size // 30)


@file
def rules(size: int) -> str:
    """Two hundred that have much in common."""
    parts = (f"rule at most {40 + i} none | conv({1 + 2 * (i % 2)})" for i in range(200))
    return lines(_cells(40), parts, size)


@file
def rules_of_cells(size: int) -> str:
    count = size // 80
    parts = (f"rule at most one {op} in C{i}" for i in range(count) for op in ("none", "conv(3)"))
    return lines(_cells(count), parts, size)


@file
def rules_with_conditions(size: int) -> str:
    count = size // 120
    parts = (
        f"rule if C{i}.a -> C{i}.b = none then C{(i + 7) % count}.c -> C{(i + 7) % count}.d != none"
        for i in range(count)
    )
    return lines(_cells(count), parts, size)


@file
def many_rules(size: int) -> str:
    return lines(_cells(400), numbered("rule at most # none"), size)


@file
def impossible_rules(size: int) -> str:
    return lines(_cells(40), (f"rule exactly {i % 7} none" for i in range(300)), size)


@file
def limits(size: int) -> str:
    return lines(_cells(40), (f"limit params <= {10**4 + i}" for i in range(200)), size)


@file
def many_limits(size: int) -> str:
    return lines(_cells(400), (f"limit params <= {10**6 + i}" for i in range(size)), size)
