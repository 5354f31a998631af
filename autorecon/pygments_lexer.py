"""Colours for .space texts in docs and notebooks: a lexer that Pygments finds by its entry point.

Keywords and operations are those of the grammar and the catalogue. Words that mean something only
behind another, as `product` behind `merge`, are names anywhere else.
"""

from __future__ import annotations

from pygments.lexer import RegexLexer, bygroups, this, using, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from autorecon.lang.elaborate.choices import APART
from autorecon.lang.elaborate.edges import CONTRACTS
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.operations.merges import MERGE_CATALOGUE
from autorecon.lang.program.measures import MEASURES
from autorecon.lang.syntax.tables import tables

_CONSTANTS = ("true", "false")
_DECLARING = r"(space|genotype|block|edge|op|choice|let)(\s+)([A-Za-z_]\w*)"
_BLANK = r"([ \t]+)"


def _behind(word: str, meaning: tuple[str, ...]) -> tuple:
    """Words that mean something behind a keyword, with that."""
    pattern = rf"\b({word}){_BLANK}({'|'.join(meaning)})\b"
    return pattern, bygroups(Keyword, Whitespace, Keyword.Type)


class SpaceLexer(RegexLexer):
    name = "AutoReCon space"
    aliases = ("space", "autorecon")
    filenames = ("*.space",)
    mimetypes = ("text/x-autorecon-space",)
    url = ""

    tokens = {  # noqa: RUF012
        "root": [
            (r"#[^\n]*", Comment.Single),
            (r'"[^"\n]*"', String),
            (r"\s+", Whitespace),
            (
                rf"\b(edge){_BLANK}([A-Za-z_]\w*){_BLANK}({'|'.join(CONTRACTS)})\b",
                bygroups(Keyword, Whitespace, Name.Class, Whitespace, Keyword.Type),
            ),
            (
                rf"\b(choice){_BLANK}([A-Za-z_]\w*)([^=\n]*?)({APART})\b(?=\s*=)",
                bygroups(Keyword, Whitespace, Name.Class, using(this), Keyword.Type),
            ),
            _behind("merge", tuple(MERGE_CATALOGUE)),
            _behind("share", ("choice", "weights")),
            _behind("limit", tuple(measure.word for measure in MEASURES)),
            (r"(:)(\s*)(noise|label)\b", bygroups(Punctuation, Whitespace, Keyword.Type)),
            (r"\brule\b", Keyword, "rule"),
            (rf"\b{_DECLARING}", bygroups(Keyword, Whitespace, Name.Class)),
            (words(_CONSTANTS, r"\b", r"\b"), Keyword.Constant),
            (words(tuple(tables().keywords), r"\b", r"\b"), Keyword),
            (words((*CATALOGUE, "link"), r"\b", r"\b"), Name.Builtin),
            (words((*FUNCTIONS,), r"\b", r"(?=\()"), Name.Builtin),
            (r"[A-Za-z_]\w*", Name),
            (r"\d+(\.\d+)?([eE][-+]?\d+|[kMG])?\b", Number),
            (r">>|->|\.\.|[<>=!]=|[-+*/%^<>=|&]", Operator),
            (r"[][(){},:.]", Punctuation),
        ],
        "rule": [
            (r"\n(?=[ \t]*(?:then\b|and\b|\||>>))", Whitespace),
            (r"\n", Whitespace, "#pop"),
            (words(("at", "most", "least", "exactly", "into", "from"), r"\b", r"\b"), Keyword),
            (r"(?=#)", Whitespace, "#pop"),
            (words((*CATALOGUE,), r"\b", r"\b"), Name.Builtin),
            (words((*FUNCTIONS,), r"\b", r"(?=\()"), Name.Builtin),
            (words(tuple(tables().keywords), r"\b", r"\b"), Keyword),
            (r"[A-Za-z_]\w*", Name),
            (r"[ \t\r]+", Whitespace),
            (r"\d+(\.\d+)?\b", Number),
            (r">>|->|\.\.|[<>=!]=|[-+*/%^<>=|&]", Operator),
            (r"[][(){},:.]", Punctuation),
        ],
    }
