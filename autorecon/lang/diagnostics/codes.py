"""Every diagnostic code with its explanation, as `--explain CODE` prints it."""

from __future__ import annotations

CODES: dict[str, str] = {
    # the text
    "E0101": (
        "The parser met something that cannot stand here. A statement ends with its line, "
        "except inside ( ), [ ] and node sets { }, and where the next line starts with `|`, "
        "`>>`, `-` or `&`."
    ),
    "E0102": "A character that has no meaning in a .space file.",
    "E0103": "The file cannot be read: it is missing, larger than 1 MB, or not UTF-8 text.",
    "E0104": 'A file starts with `space NAME(...)` or `genotype NAME of "FILE"`.',
    "E0105": "Brackets are nested deeper than 50 levels.",
    # names
    "E0201": (
        "A name in an expression that no parameter, `let` or block argument declares before it "
        "is used, or a function other than `min`, `max`, `sum` and `len`."
    ),
    "E0202": (
        "An operation that is neither in the catalogue nor declared with `op`, nor in a module "
        "that `--ops` names."
    ),
    "E0203": (
        "An edge statement starts with the name of an edge type: `link`, or one declared with "
        "`edge`."
    ),
    "E0204": (
        "A node that is not declared. Inside a block, nodes are named without a prefix; "
        "outside, a block's nodes are `INSTANCE.NODE`. An operation such as `ccbn(y)` names a "
        "label input. A rule that tells of an edge, `a -> b = none`, names one that is there."
    ),
    "E0205": "A block template or block instance that is not declared.",
    "E0206": (
        "A name declared twice in one scope, a candidate given twice, or a name that the "
        "language itself has."
    ),
    "E0207": "A contract other than `keeps`, `enlarges` and `bridges`.",
    "E0208": "A parameter that the space does not declare was set from outside.",
    "E0209": (
        "A word from a fixed list was expected: a merge (`sum`, `product`, `concat`, `mean`,"
        " `film`, `modconv`), an input kind (`noise`, `label`, `param`) or `apart` of a choice."
    ),
    "E0210": (
        "A set operation on candidates takes away (`-`) or keeps (`&`) what is not there: all that "
        "is written out on its right must be among the candidates on its left."
    ),
    "E0211": "A set operation leaves an edge without candidates.",
    # values
    "E0301": (
        "A value has the wrong type: sizes and counts are whole numbers, a shape has 1 or 3 of "
        "them, and `/` must divide exactly."
    ),
    "E0302": (
        "An operation, definition or block is called with what its signature does not take, "
        "`none` stands where something must be computed, or a definition or edge type is defined "
        "by itself."
    ),
    "E0303": "An argument is outside its range, or a list has no such place.",
    "E0304": "Division by zero.",
    "E0305": (
        "A number, a name, a pipeline or the program is too large, its loops run too long, or it "
        "has too many faults to go on."
    ),
    "E0306": (
        "A size that a choice decides stands where a number does: it may be a size of a node other "
        "than the output, a `let`, an argument of a block and, where the choice is `apart`, one of "
        "an operation, and of one choice alone."
    ),
    # shapes
    "E0401": "An operation cannot take the shape that reaches it.",
    "E0402": "What an edge computes does not have the shape of the node it leads to.",
    "E0403": (
        "An edge breaks the contract of its type: `keeps` needs equal shapes at both ends, "
        "`enlarges` a resolution that grows by a whole factor within one block, `bridges` two "
        "adjacent blocks."
    ),
    "E0404": (
        "A bound `in` port is the `out` node it is bound to: their shapes must agree, and their"
        " number too."
    ),
    "E0405": "The edges into a node cannot be merged as it says.",
    "E0406": (
        "An operation between sizes that are decided computes with all channels at once, so that "
        "its weights for fewer channels are not slices of those for more; or its weights depend on "
        "the resolution. A choice that is `apart` has weights for each of its sizes."
    ),
    # the graph
    "E0501": "The edges form a cycle.",
    "E0502": "A space has exactly one output, and a noise input or label to make images of.",
    "E0503": "No path leads from an input to this node.",
    "E0504": "No path leads from this node to the output.",
    "E0505": (
        "Two edges join the same nodes. Give one edge both sets of candidates, or put a node "
        "between."
    ),
    "E0506": "Every architecture cuts the output from the noise, or from the label without noise.",
    "E0507": "An input has no incoming edges, the output no outgoing ones.",
    "E0508": (
        "The label inputs have different numbers of classes. A net is asked for one class a "
        "sample, which all of them get."
    ),
    # genotypes
    "E0601": "A genotype names an edge that its space does not have.",
    "E0602": "A genotype chooses what is not among the edge's candidates.",
    "E0603": "A genotype leaves edges without a choice.",
    "E0604": "A genotype chooses twice for one edge.",
    "E0605": "The choices of a genotype cut the output from the noise (without any, the label).",
    "E0606": (
        "The space that a genotype is of cannot be used: it must lie in the genotype's folder "
        "or below, or be one of the shipped spaces, and be a space itself."
    ),
    "E0607": (
        "The choices of a genotype break a rule of its space: too many or too few edges choose "
        "what the rule counts."
    ),
    "E0608": "What a genotype costs is outside a limit of its space.",
    # other files
    "E0701": (
        "A file that `use` names cannot be used: it must lie in the folder of the file or below, "
        "or be one of the shipped spaces, and be a space or a file of declarations."
    ),
    "E0702": "Files use each other in a ring.",
    # rules and limits
    "E0801": (
        "No architecture keeps to this rule: its edges do not offer what it wants, or it would cut "
        "the output from the noise."
    ),
    "E0802": "No architecture is within this limit.",
    "E0803": (
        "No architecture keeps to this rule or limit and at the same time to those above it, "
        "though each of them can be kept to."
    ),
    # shared decisions
    "E0901": (
        "Edges, instances or choices that cannot be shared: the options of one go with those of "
        "the other in order, so their numbers must agree. Weights need the same candidates, and "
        "weights of the same shapes."
    ),
    # graphs
    "E1001": (
        "`from_graph` was given no directed graph of networkx, or one with an attribute that is "
        "unknown, missing or of another kind."
    ),
    "E1002": (
        "What a graph says cannot be written in the language: a name that is none there, or nodes, "
        "edges and blocks that do not go together."
    ),
    # warnings: the program can be used
    "W0201": "An edge is `optional` though its candidates offer `none` anyway.",
    "W0301": (
        "Wherever a convolution of this dilation stands, its kernel reaches beyond the maps: all "
        "of its weights but those in the middle meet nothing but zeros."
    ),
    "W0302": (
        "An argument without its name stands where torch has another one: `conv(3, 2)` has the "
        "dilation 2 and no stride, `deconv(4, 2, 1)` makes one channel and has no padding."
    ),
    "W0401": (
        "Maps that look as if their channels came last. A shape is [channels, height, width]."
    ),
    "W0402": (
        "A resize without a scale goes to the resolution of the edge's target, also in the middle "
        "of a pipeline. One behind another, or behind a `linear` that is left open, does nothing; "
        "nor does one in a node's `then`."
    ),
    "W0403": (
        "A `linear` without `out` makes the shape of the edge's target, also in the middle of a "
        "pipeline. A second one behind it is a matrix of the target's elements squared."
    ),
    "W0801": "A rule that every architecture keeps to. It makes no difference.",
    "W0802": "A limit that every architecture is within. It makes no difference.",
    "W0803": "A rule tells of an option that its edge or choice does not offer: it never has it.",
    "W0901": "A choice that no edge and no node uses. It is left out.",
}
