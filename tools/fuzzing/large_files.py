"""Texts of about a size that ask as much as they can of what reads them, by their names: of the
parser and of names and values; graphs are in `large_spaces`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

HEAD = "space large(size = 4, latent = 4)\n"
INPUT = "input z [latent]: noise\n"
OUTPUT = "output image [3, size, size]\n"
PLAIN = HEAD + INPUT + OUTPUT + "link z -> image = linear\n"
WIDE = HEAD + INPUT + OUTPUT
NODE = " [3, size, size]"

Text = Callable[[int], str]  # of about so many characters
FILES: dict[str, Text] = {}


def file(text: Text) -> Text:
    FILES[text.__name__.replace("_", " ")] = text
    return text


def lines(head: str, parts: Iterable[str], size: int) -> str:
    """As many of the parts as there is room for."""
    room, found = size - len(head), []
    for part in parts:
        room -= len(part) + 1
        if room < 0:
            break
        found.append(part)
    return head + "\n".join(found) + "\n"


def numbered(pattern: str, most: int = 10**6) -> Iterator[str]:
    """The pattern with 0, 1, ... for each `#`."""
    return (pattern.replace("#", str(number)) for number in range(most))


# The text.


@file
def long_sum(size: int) -> str:
    return f"{PLAIN}let a = 1{' + 1' * (size // 4 - 50)}\n"


@file
def long_product_of_powers(size: int) -> str:
    return f"{PLAIN}let a = 2^61{' * 1^9' * (size // 6 - 50)}\n"


@file
def long_condition(size: int) -> str:
    return f"{PLAIN}let a = 1 == 1{' and not 1 == 2' * (size // 15 - 50)}\n"


@file
def long_choice_of_values(size: int) -> str:
    return f"{PLAIN}let a = 1{' if 1 == 2 else 1' * (size // 17 - 50)}\n"


@file
def values_within_values(size: int) -> str:
    return f"{PLAIN}let a = {'(1 if 1 == 2 else ' * (size // 20)}1\n"


@file
def lists_over_and_over(size: int) -> str:
    head = f"{PLAIN}let a = [{', '.join(['1'] * 256)}]\n"
    return lines(head, numbered("let b# = max(a)"), size)


@file
def sum_on_lines(size: int) -> str:
    return f"{PLAIN}let a = (1{' + 1' * (size // 5 - 50)}\n)\n".replace(" + 1", "\n + 1")


@file
def huge_integer(size: int) -> str:
    return f"{PLAIN}let a = {'9' * size}\n"


@file
def huge_decimal(size: int) -> str:
    return f"{PLAIN}let a = 0.{'9' * size}\n"


@file
def long_name(size: int) -> str:
    return f"{PLAIN}let {'a' * size} = 1\n"


@file
def long_comment(size: int) -> str:
    return f"{PLAIN}#{' #' * (size // 2)}\n"


@file
def many_comments(size: int) -> str:
    return lines(PLAIN, (f"# {i}" for i in range(size)), size)


@file
def comments_in_brackets(size: int) -> str:
    return lines(PLAIN + "let a = (1\n", (f"# {i}" for i in range(size)), size - 10) + ")\n"


@file
def blank_lines(size: int) -> str:
    return PLAIN + "\n" * size


@file
def blanks(size: int) -> str:
    return PLAIN + "let a = 1" + " " * size + "\n"


@file
def open_brackets(size: int) -> str:
    return PLAIN + "let a = " + "(" * size


@file
def open_blocks(size: int) -> str:
    return lines(PLAIN, numbered("for i# in 1..1 {"), size)


@file
def closing_brackets(size: int) -> str:
    return PLAIN + ")" * size


@file
def odd_characters(size: int) -> str:
    return PLAIN + "$" * size


@file
def odd_lines(size: int) -> str:
    return lines(PLAIN, numbered("$ let = #"), size)


@file
def words(size: int) -> str:
    return PLAIN + "a " * (size // 2)


@file
def quotes(size: int) -> str:
    return PLAIN + '"' * size


# Names and values.


@file
def many_lets(size: int) -> str:
    return lines(PLAIN + "let a0 = 1\n", (f"let a{i + 1} = a{i} + 1" for i in range(size)), size)


@file
def many_parameters(size: int) -> str:
    head = "space large(size = 4, latent = 4,\n"
    rest = ") \n" + INPUT + OUTPUT + "link z -> image = linear\n"
    return lines(head, numbered("p# = # in 0..99999,"), size - 200) + "last = 1" + rest


@file
def unknown_names(size: int) -> str:
    return lines(PLAIN, numbered("let a# = b# + c#"), size)


@file
def unknown_nodes(size: int) -> str:
    half = lines(PLAIN, numbered(f"node n#{NODE}"), size // 2)
    return lines(half, numbered("link n# -> m# = conv(1)"), size)


@file
def unused_blocks(size: int) -> str:
    half = lines(PLAIN, numbered("let a# = #"), size // 2)
    return lines(
        half, numbered("block b# {\n in a [3]\n out b [3]\n link a -> b = linear\n}"), size
    )


@file
def long_names_in_an_instance(size: int) -> str:
    block = lines("block b {\n", numbered(f"  node n#{'a' * 190}{NODE}"), size // 2) + "}\n"
    return lines(PLAIN + block, numbered(f"a#{'a' * 190} = b"), size)


@file
def instances(size: int) -> str:
    block = f"block b {{\n in a{NODE}\n out c{NODE}\n link a -> c = conv(3) | conv(1)\n}}\nB0 = b\n"
    chain = (f"B{i + 1} = b after B{i}" for i in range(size))
    text = lines(WIDE + block + "link z -> B0.a = linear\n", chain, size)
    return f"{text}link {text.splitlines()[-1].split()[0]}.c -> image = conv(1)\n"


@file
def instances_of_many_lets(size: int) -> str:
    inner = lines("block b {\n", numbered("let a# = #"), size // 2) + "}\n"
    return lines(PLAIN + inner, numbered("B# = b"), size)


@file
def loop(size: int) -> str:
    body = f"  node n[i]{NODE}\n  link z -> n[i] = linear\n  link n[i] -> image = conv(1)\n"
    return f"{WIDE}for i in 1..{size // 20} {{\n{body}}}\n"


@file
def empty_loops(size: int) -> str:
    inner = "for i in 1..1000000 { for j in 1..1000000 { } }"
    return lines(PLAIN, numbered(inner), size)


@file
def loops_of_lets(size: int) -> str:
    return lines(PLAIN, numbered("for i in 1..9 { let a = i }"), size)


@file
def many_ifs(size: int) -> str:
    return f"{PLAIN}if 1 == 2 {{ }}{' else if 1 == 2 { }' * (size // 19 - 50)}\n"


@file
def definitions(size: int) -> str:
    chain = (f"op o{i + 1} = o{i} >> relu" for i in range(size))
    return lines(PLAIN + "op o0 = relu\n", chain, size)


@file
def large_definitions(size: int) -> str:
    doubled = "".join(f"op o{i + 1} = o{i} >> o{i}\n" for i in range(9))
    head = f"{WIDE}op o0 = relu\n{doubled}link z -> image = linear\n"
    return lines(head, numbered(f"node n#{NODE} then o9\nlink z -> n# = linear >> o9"), size)
