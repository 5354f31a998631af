"""The table of a study in its four formats, from rows made by hand."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import attrs
import pytest

from autorecon.report.study_formats import csv_table, html_table, latex, latex_table, text_table
from autorecon.report.study_rows import study_table
from autorecon.study.rows import Figure, Row
from autorecon.study.statistics import Paired, Sample

HUMAN = Row(
    "resnet_x", "w3a3", "human & co", 91.5, 3, 0, Sample(3, 88.6, 0.18), None, "", None,
    430_441.0, 28_663_808.0, Figure(47.61, "ResNet-20 (SynQ, Table 1)"), {}, 0,
)  # fmt: skip
FOUND = attrs.evolve(
    HUMAN, variant="found", accuracy=Sample(3, 88.1, 1.2), against="human & co", published=None,
    difference=Paired(3, -0.5, -1.25, 0.25), parameters=309_417.0, macs=24_000_000.0, warnings=2,
)  # fmt: skip
FAILED = attrs.evolve(
    FOUND, setting="w2a2", accuracy=None, difference=None, against="", parameters=None, macs=None,
    failures={"diverged: the loss 'ce' became nan": 2}, missing=1, warnings=0,
)  # fmt: skip
ROWS = [HUMAN, FOUND, FAILED]

TEXT = """\
Generators at 3 bits

teacher         compressed to  variant      accuracy, %  difference   95 % interval  runs  weights    MACs  published, %
------------------------------------------------------------------------------------------------------------------------
resnet_x 91.50  w3a3           human & co  88.60 ± 0.18                                 3    430 k  28.7 M         47.61
                               found       88.10 ± 1.20       −0.50  −1.25 .. +0.25     3    309 k    24 M
------------------------------------------------------------------------------------------------------------------------
resnet_x 91.50  w2a2           found             failed
------------------------------------------------------------------------------------------------------------------------
Accuracy on test images after the last step: mean and sample standard deviation over seeds.
Differences are paired by seed, to human & co; intervals are Student's t.
Published: ResNet-20 (SynQ, Table 1).
resnet_x, w2a2, found: 2 runs failed: diverged: the loss 'ce' became nan.
Runs that warned of near-identical images: resnet_x, w3a3, found (2).
1 run of 9 not done.
Budget 1.
"""  # noqa: E501, RUF001

LATEX = r"""% \usepackage{booktabs}
\begin{table}
\caption{Generators at 3 bits}
\begin{tabular}{lllrrrrrrr}
\toprule
teacher & compressed to & variant & accuracy, \% & difference & 95 \% interval & runs & weights & MACs & published, \% \\
\midrule
resnet\_x 91.50 & w3a3 & human \& co & 88.60 $\pm$ 0.18 &  &  & 3 & 430 k & 28.7 M & 47.61 \\
 &  & found & 88.10 $\pm$ 1.20 & $-$0.50 & $-$1.25 .. $+$0.25 & 3 & 309 k & 24 M &  \\
\midrule
resnet\_x 91.50 & w2a2 & found & failed &  &  &  &  &  &  \\
\bottomrule
\end{tabular}
"""  # noqa: E501


def table(title="Generators at 3 bits"):
    return study_table(title, ROWS, ["Budget 1."])


def test_text():
    assert text_table(table()) == TEXT


def test_latex():
    text = latex_table(table())
    assert text.startswith(LATEX)
    assert text.endswith("\\par Budget 1.\n\\end{table}\n")
    assert latex("a_b \\ {50 %} ~ ^ <#>") == (
        "a\\_b \\textbackslash{} \\{50 \\%\\} \\textasciitilde{} \\textasciicircum{} "
        "\\textless{}\\#\\textgreater{}"
    )


def test_agreement_stands_beside_accuracy_or_in_its_place():
    beside = {"agreement": Sample(3, 93.0, 0.5), "divergence": Sample(3, 0.12345, 0.01)}
    labelled = study_table("T", [attrs.evolve(FOUND, **beside), FAILED], [])
    assert labelled.columns[3:6] == ("accuracy, %", "agreement, %", "divergence, nats")
    assert labelled.groups[0][0][3:6] == ("88.10 ± 1.20", "93.00 ± 0.50", "0.123 ± 0.01")
    assert labelled.groups[1][0][3:6] == ("failed", "", "")
    bare = [attrs.evolve(FOUND, accuracy=None, **beside), FAILED]
    unlabelled = study_table("T", bare, [])
    assert unlabelled.columns[3:5] == ("agreement, %", "divergence, nats")
    assert unlabelled.groups[1][0][3:5] == ("failed", "")
    assert any("KL(teacher || student)" in note for note in unlabelled.notes)
    first = next(csv.DictReader(io.StringIO(csv_table(bare))))
    assert (first["runs"], first["mean"], first["agreement_mean"]) == ("3", "", "93.0")


def test_csv_holds_the_figures():
    first, second, third = csv.DictReader(io.StringIO(csv_table(ROWS)))
    assert (first["mean"], first["std"], first["published"]) == ("88.6", "0.18", "47.61")
    assert (first["difference"], first["against"]) == ("", "")
    shown = ("difference", "low", "high", "pairs", "against")
    assert [second[name] for name in shown] == ["-0.5", "-1.25", "0.25", "3", "human & co"]
    assert (third["mean"], third["runs"], third["failed"], third["missing"]) == ("", "0", "2", "1")


def test_no_name_is_a_formula_a_command_or_a_line():
    names = ['=HYPERLINK("x")', "@SUM(1)", "+1", "-1", "\t=1", "a\x1b[2J\n\\par\u202e"]
    rows = [attrs.evolve(FOUND, variant=name) for name in names]
    shown = [row["variant"] for row in csv.DictReader(io.StringIO(csv_table(rows)))]
    assert [text[0] for text in shown] == ["'", "'", "'", "'", "\u2409", "a"]
    made = study_table("t\x1b]0;PWNED\x07", rows, ["\x9b1m"])
    for text in (csv_table(rows), text_table(made), latex_table(made), html_table(made)):
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
    assert "\u240a" in text_table(made)


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.open = [], set(), False

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.open = True

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("td", "th")

    def handle_data(self, text):
        if self.open:
            self.rows[-1][-1] += text


def test_html_has_the_same_cells_and_nothing_that_runs_or_loads():
    made = table("<script>alert(1)</script>")
    page = html_table(made)
    parsed = Cells()
    parsed.feed(page)
    assert parsed.rows == [list(row) for row in [made.columns, *made.groups[0], *made.groups[1]]]
    assert "script" not in parsed.tags
    assert "&lt;script&gt;" in page
    assert not any(word in page for word in ("http://", "https://", "src=", "href="))


def test_columns_without_anything_are_left_out():
    plain = attrs.evolve(HUMAN, published=None, parameters=None, macs=None)
    assert study_table("", [plain], []).columns == (
        *("teacher", "compressed to", "variant", "accuracy, %"),
        "runs",
    )


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (attrs.evolve(HUMAN, accuracy=Sample(1, 5.0, None)), "5.00"),
        (attrs.evolve(HUMAN, accuracy=None), "not measured"),
        (attrs.evolve(HUMAN, accuracy=None, missing=3), "not run"),
        (FAILED, "failed"),
    ],
)
def test_an_accuracy_says_why_there_is_none(row, shown):
    assert study_table("", [row], []).groups[0][0][3] == shown
