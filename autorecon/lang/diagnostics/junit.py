"""Diagnostics as JUnit's XML, which build servers count and show as tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as xml

from autorecon.lang.diagnostics.faults import Diagnostic, concise, position


def as_junit(diagnostics: Iterable[Diagnostic], files: Iterable[str] = ()) -> str:
    """A suite for each file, those without faults among `files` too: a failed case an error, or
    one that passes; warnings are its output."""
    suites: dict[str, list[Diagnostic]] = {file: [] for file in files}
    for d in diagnostics:
        suites.setdefault(d.span.source.name if d.span else "autorecon", []).append(d)
    root = xml.Element("testsuites", name="autorecon")
    for name, found in suites.items():
        root.append(_suite(name, found))
    xml.indent(root)
    text = xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _suite(name: str, found: list[Diagnostic]) -> xml.Element:
    errors = [d for d in found if d.severity == "error"]
    count = {"tests": str(len(errors) or 1), "failures": str(len(errors)), "errors": "0"}
    suite = xml.Element("testsuite", {"name": name, **count})
    for d in errors:
        place = {"line": str(position(d.span)[0])} if d.span else {}
        case = xml.SubElement(suite, "testcase", {"name": d.code, "classname": name, **place})
        failure = xml.SubElement(case, "failure", message=_sound(d.message), type=d.code)
        failure.text = _sound(concise(d))
    if not errors:
        xml.SubElement(suite, "testcase", name="sound", classname=name)
    warnings = [concise(d) for d in found if d.severity == "warning"]
    if warnings:
        xml.SubElement(suite, "system-out").text = _sound("\n".join(warnings))
    return suite


def _sound(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
