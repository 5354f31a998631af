"""Diagnostics as SARIF 2.1.0, which code hosts show beside the lines (OASIS, 2020)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autorecon.lang.diagnostics.codes import CODES
from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.diagnostics.faults import Diagnostic, position
from autorecon.lang.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(diagnostics: Iterable[Diagnostic], version: str) -> str:
    """One run of this version of the tool, with the rules that it tells of."""
    found = list(diagnostics)
    rules = [
        {"id": code, "fullDescription": {"text": CODES[code]}}
        for code in sorted({d.code for d in found})
    ]
    driver = {"name": "autorecon", "version": version, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d) for d in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(d: Diagnostic) -> dict[str, Any]:
    text = f"{d.message} ({d.help})" if d.help else d.message
    result: dict[str, Any] = {"ruleId": d.code, "level": d.severity, "message": {"text": text}}
    if d.span:
        result["locations"] = [{"physicalLocation": _place(d.span)}]
    notes = [(text, span) for text, span in d.notes if span]
    if notes:
        result["relatedLocations"] = [
            {"physicalLocation": _place(span), "message": {"text": text}} for text, span in notes
        ]
    if d.fixes:
        result["fixes"] = [_fix(fix) for fix in d.fixes]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        for edit in fix.edits
    ]
    change = {"artifactLocation": _file(fix.edits[0].span), "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}


def _place(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _file(span), "region": _region(span)}


def _file(span: Span) -> dict[str, str]:
    name = Path(span.source.name)
    if name.is_absolute():
        return {"uri": name.as_uri()}
    return {"uri": quote(name.as_posix(), errors="surrogateescape")}


def _region(span: Span) -> dict[str, int]:
    line, column = position(span)
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }
