"""What statements look like."""

from __future__ import annotations

# What each statement looks like, by its first word.
FORMS = {
    "space": "space NAME(PARAMETER = DEFAULT, ...)",
    "genotype": 'genotype NAME of "FILE"(PARAMETER = VALUE, ...)',
    "use": 'use "FILE"',
    "let": "let NAME = EXPRESSION",
    "edge": "edge NAME CONTRACT = CANDIDATE | CANDIDATE",
    "op": "op NAME(PARAMETERS) = PIPELINE",
    "block": "block NAME(PARAMETERS) { ... }",
    "node": "node NAME, NAME [SIZES] merge KIND then PIPELINE",
    "in": "in NAME [SIZES] merge KIND then PIPELINE",
    "out": "out NAME [SIZES] merge KIND then PIPELINE",
    "input": "input NAME, NAME [SIZES]: noise`, or `input NAME: label(CLASSES)",
    "output": "output NAME [SIZES] merge KIND then PIPELINE",
    "optional": "optional TYPE SOURCE -> TARGET = CANDIDATE | CANDIDATE",
    "choice": "choice NAME = PIPELINE | PIPELINE`, or `choice NAME apart = SIZE | SIZE",
    "share": "share choice EDGE, EDGE`, or `share weights EDGE, EDGE",
    "for": "for NAME in FIRST..LAST { ... }",
    "if": "if CONDITION { ... } else { ... }",
    "limit": "limit MEASURE <= VALUE",
    "rule": "rule at most NUMBER CANDIDATE into NODE`, or `rule if A -> B = CANDIDATE then ...",
}
