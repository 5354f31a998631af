"""The formatter: what it makes of the golden files, and that it keeps trees and comments."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.lang import Source, SpaceError, check, format_genotype, load_program, resource_folder
from autorecon.lang.fmt import FormatError, format_source, printer
from autorecon.lang.syntax.layout import layout
from autorecon.lang.syntax.parse import read_source
from autorecon.lang.syntax.tokens import Token, lex

FOLDER = Path(__file__).parents[1]
GOLDEN = sorted((FOLDER / "format").glob("*.before.space"))
SHIPPED = sorted(resource_folder("spaces").glob("**/*.space"))
GOOD = sorted((FOLDER / "good").glob("**/*.space"))


def format_text(text: str) -> str:
    return format_source(Source(text))


def _comments(text: str) -> list[str]:
    return [t.rstrip() for t in lex(text) if t.type == "COMMENT"]


def _words(text: str) -> list[str]:
    """What the formatter may not touch."""
    return [str(t) for t in lex(text) if t.type not in ("COMMENT", "_NL")]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.name.partition(".")[0])
def test_golden(path: Path) -> None:
    expected = path.with_name(path.name.replace(".before.", ".after.")).read_text("utf-8")
    assert format_source(read_source(path)) == expected
    assert format_text(expected) == expected


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_file_is_formatted(path: Path) -> None:
    assert format_source(read_source(path)) == path.read_text("utf-8")


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.relative_to(FOLDER).as_posix())
def test_good_programs_keep_their_words_and_comments(path: Path) -> None:
    text = path.read_text("utf-8")
    formatted = format_text(text)
    assert _words(formatted) == _words(text)
    assert _comments(formatted) == _comments(text)
    assert format_text(formatted) == formatted
    assert all(line == line.rstrip() for line in formatted.split("\n"))
    assert "\n\n\n" not in formatted


@pytest.mark.parametrize("name", ["short", "a_name_so_long_that_its_parameters_need_lines"])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_genotypes_are_written_as_the_formatter_has_them(path: Path, name: str) -> None:
    program = load_program(path)
    chosen = {name: d.options[0] for name, d in program.decisions.items()}
    text = format_genotype(program, chosen, name, "spaces/of.space")
    assert format_text(text) == text


def test_long_choices_are_wrapped() -> None:
    long = " >> ".join(["conv(3)"] * 12)
    text = (
        f"space p(width = 3)\ninput z [4]: noise\noutput image [3, 8, 8]\nnode a [3, 8, 8]\n"
        f"link z -> a = linear\nlink a -> image = {long} | conv(1)\n"
    )
    program = check(Source(text))
    chosen = {name: d.options[0] for name, d in program.decisions.items()}
    genotype = format_genotype(program, chosen, "long", "p.space")
    assert max(map(len, genotype.split("\n"))) <= 100
    assert format_text(genotype) == genotype


def test_line_ends_are_kept_and_a_mark_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "dos.space"
    path.write_bytes(b"\xef\xbb\xbfspace a\r\n\r\n\r\ninput  z [4]: noise # z\r\n")
    assert format_source(read_source(path)) == "space a\r\n\r\ninput z [4]: noise  # z\r\n"


def test_a_text_with_faults_is_refused_with_all_of_them() -> None:
    with pytest.raises(SpaceError) as caught:
        format_text("space a\nlet b\ninput z [4]: noise\nedge = c\n")
    assert len(caught.value.diagnostics) == 2


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda read, text: text.replace("4", "5"), "change its meaning"),
        (lambda read, text: text.replace("  # why", ""), "lose or reorder its comments"),
        (lambda read, text: text + "\n" * len(read.source.text), "not be stable"),
    ],
)
def test_the_proof_finds_what_the_formatter_breaks(monkeypatch, broken, message) -> None:
    sound = printer._layout
    monkeypatch.setattr(printer, "_layout", lambda read, *_: broken(read, sound(read)))
    with pytest.raises(FormatError, match=message):
        format_text("space a\ninput z [4]: noise # why\n")


def test_comments_without_a_lasting_place_go_above_their_statement() -> None:
    text = (
        "space p\nchoice c = {a,\n# one\nb(c) >> d(a  # two\n,  # three\n a) # four\n"
        ", a # five\n (b)}\n"
        "edge e = a  # kept\n | b\n"
    )
    assert format_text(text) == (
        "space p\n# one\n# two\n# three\n# four\n# five\n"
        "choice c = {a, b(c) >> d(a, a), a(b)}\nedge e = a  # kept\n       | b\n"
    )


SEEDS = st.integers(0, 2**32)
ENDINGS = ["\n", "\n \n\n", " # one \n", "\n# two\n", "# three\n\n#four\n  "]

# Random programs, as lists of words: the formatter asks only that they can be parsed.

NAMES = st.sampled_from(["a", "n1", "width", "a_rather_long_name_of_a_node"])
NUMBERS = st.sampled_from(["0", "12", "0.25", "1e-5", "true"])


def joined(items: st.SearchStrategy[str], separator: str, most: int = 4):
    return st.lists(items, min_size=1, max_size=most).map(separator.join)


EXPRESSIONS = st.recursive(
    NAMES | NUMBERS,
    lambda inner: st.one_of(
        inner.map("( {} )".format),
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*/%"), inner),
        NAMES.map("- {}".format),
    ),
    max_leaves=5,
)
CONDITIONS = st.builds(
    "{} {} {} {} not {}".format,
    EXPRESSIONS,
    st.sampled_from(["==", "<=", ">"]),
    EXPRESSIONS,
    st.sampled_from(["and", "or"]),
    NAMES,
)
ARGUMENTS = joined(EXPRESSIONS | st.builds("{} = {}".format, NAMES, EXPRESSIONS), " , ")
CALLS = NAMES | st.builds("{} ( {} )".format, NAMES, ARGUMENTS)
PIPELINES = joined(CALLS, " >> ", 3)
CANDIDATES = st.recursive(
    joined(PIPELINES, " | ", 6),
    lambda inner: st.one_of(
        inner.map("( {} )".format),
        joined(PIPELINES, " , ", 5).map("{{ {} }}".format),
        st.builds("( {} ) {} ( {} )".format, inner, st.sampled_from("-&"), inner),
        st.builds("{} {} {}".format, PIPELINES, st.sampled_from("-&|"), PIPELINES),
    ),
    max_leaves=3,
)
INDICES = joined(EXPRESSIONS, " , ", 2).map("[ {} ]".format)
INDEXED = NAMES | st.builds("{} {}".format, NAMES, INDICES)
PATHS = INDEXED | st.builds("{} . {}".format, INDEXED, INDEXED)
SETS = joined(PATHS, " , ").map("{{ {} }}".format)
ENDS = PATHS | SETS | st.builds("{} . {}".format, INDEXED, SETS)
SHAPES = joined(EXPRESSIONS, " , ", 3).map("[ {} ]".format)
MERGES = st.sampled_from(["", "merge sum", "merge concat"])
THENS = st.just("") | PIPELINES.map("then {}".format)
LETS = st.builds("let {} = {}".format, NAMES, EXPRESSIONS)
EDGES = st.builds(
    "{} {} {} -> {} {}".format,
    st.sampled_from(["", "optional"]),
    NAMES,
    ENDS,
    ENDS,
    st.just("") | CANDIDATES.map("= {}".format),
)
NODES = st.builds(
    "{} {} {} {} {}".format,
    st.sampled_from(["in", "node", "out"]),
    joined(INDEXED, " , "),
    SHAPES,
    MERGES,
    THENS,
)
INNER_NODES = NODES.map(lambda text: re.sub(r"^(in|out)", "node", text))


def bodies(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items, max_size=3).map("\n".join).map("{{\n{}\n}}".format)


def controlled(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Loops and conditions of such items, and of one another."""
    return st.recursive(
        items,
        lambda inner: st.one_of(
            st.builds(
                "for {} in {} .. {} {}".format, NAMES, EXPRESSIONS, EXPRESSIONS, bodies(inner)
            ),
            st.builds("if {} {}".format, CONDITIONS, bodies(inner)),
            st.builds("if {} {} else {}".format, CONDITIONS, bodies(inner), bodies(inner)),
            st.builds(
                "if {} {} else if {} {}".format,
                CONDITIONS,
                bodies(inner),
                CONDITIONS,
                bodies(inner),
            ),
        ),
        max_leaves=4,
    )


CHOICES = st.builds("choice {} = {}".format, NAMES, CANDIDATES)
SHARED = st.builds("{} -> {}".format, ENDS, ENDS) | PATHS
SHARES = st.builds(
    "share {} {}".format, st.sampled_from(["choice", "weights"]), joined(SHARED, " , ")
)
TIES = CHOICES | SHARES
BLOCKS = st.builds(
    "block {} {}".format, NAMES, bodies(NODES | controlled(INNER_NODES | EDGES | LETS | TIES))
)
OPTIONS = joined(PIPELINES, " | ")
COUNTS = st.sampled_from(["one", "2", "( n1 + 1 )"])
PLACES = st.just("") | st.builds("{} {}".format, st.sampled_from(["into", "from", "in"]), PATHS)
BOUNDS = st.sampled_from(["at most", "at least", "exactly"])
AMOUNTS = EXPRESSIONS | st.sampled_from(["1.1M", "2 * 3k"])
INSTANCES = st.builds("{} = {} after {}".format, INDEXED, CALLS, INDEXED)
STATEMENTS = st.one_of(
    st.builds("rule {} {} {} {}".format, BOUNDS, COUNTS, OPTIONS, PLACES),
    st.builds("limit {} {} {}".format, NAMES, st.sampled_from(["<=", ">="]), AMOUNTS),
    LETS,
    TIES,
    EDGES,
    BLOCKS,
    INNER_NODES,
    controlled(INNER_NODES | EDGES | LETS | INSTANCES),
    st.builds("edge {} keeps = {}".format, NAMES, CANDIDATES),
    st.builds("edge {} = {}".format, NAMES, CANDIDATES),
    st.builds("op {} ( {} ) = {}".format, NAMES, joined(NAMES, " , "), PIPELINES),
    INSTANCES,
    st.builds("output {} {}".format, NAMES, SHAPES),
    st.builds("input {} {} : noise".format, NAMES, SHAPES),
    st.builds("{} -> {} = {}".format, PATHS, PATHS, PIPELINES),
    st.builds("{} = {}".format, PATHS, PIPELINES),
)
PROGRAMS = st.lists(STATEMENTS, max_size=5).map(lambda found: "\n".join(["space p", *found, ""]))


def _scattered(text: str, seed: int) -> str:
    """The same program with blanks, line ends and comments wherever they may be."""
    tokens = [t for t in lex(text) if t.type != "COMMENT"]
    laid = [*layout(tokens).tokens, Token("_END", "")]
    random = Random(seed)
    written, depth = [], 0
    for token, following in pairwise(laid):
        depth += token.type in ("LPAR", "LSQB", "LBRACE")
        depth -= token.type in ("RPAR", "RSQB", "RBRACE")
        if token.type == "_NL":
            must_end = following.type != "_BLOCK_CLOSE"
            gap = random.choice(ENDINGS if must_end else [*ENDINGS, " "])
        elif token.type == "_BLOCK_OPEN" or depth or following in ("|", ">>", "&"):
            gap = random.choice([" ", "", " ", "\t ", *ENDINGS])
        else:
            gap = random.choice([" ", "  "])
        if not gap and (token + following).isidentifier():
            gap = " "
        written += ["" if token.type == "_NL" else str(token), gap]
    return "".join(written)


def _check(text: str) -> None:
    """Formatting proves the tree and that it is stable; words and comments are counted here."""
    formatted = format_text(text)
    assert _words(formatted) == _words(text)
    assert _comments(formatted) == _comments(text)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(PROGRAMS, SEEDS)
def test_random_programs_in_random_layouts(text: str, seed: int) -> None:
    _check(_scattered(text, seed))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.sampled_from([p.read_text("utf-8") for p in (*SHIPPED, *GOOD)]), SEEDS)
def test_known_programs_in_random_layouts(text: str, seed: int) -> None:
    _check(_scattered(text, seed))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.data())
def test_blanks_do_not_matter(data: st.DataObject) -> None:
    """Whatever blanks and line ends a program has, its formatted text is the same."""
    text = (resource_folder("spaces") / "paper.space").read_text("utf-8")
    gaps = data.draw(st.lists(st.sampled_from([" ", "   ", "\t"]), min_size=9, max_size=9))
    spread = re.sub(r" +", lambda m: gaps[m.start() % 9], text)
    assert format_text(_bare(spread)) == format_text(_bare(text))


def _bare(text: str) -> str:
    return re.sub(r"#.*", "", text)


def test_an_empty_text_stays_empty() -> None:
    assert format_source(Source("")) == ""
