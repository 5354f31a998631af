"""What is tried: two controls, what is listed, and then variations of these."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any

import attrs

from autorecon.auto.config import HUMAN, NOISE, AutoConfig
from autorecon.compress import CompressConfig
from autorecon.compress.methods.method import METHODS, find_method
from autorecon.study.spec import Variant
from autorecon.workflow.config import structured

MADE_BY = ("method", "objective", "generator_lr")
"""Settings that images depend on, where a method does not let its generator see the student."""
SHARED = 2 / 3
"""Of what is drawn, so many have the images of another candidate, which cost them nothing."""
_TRIES = 50
Suited = Callable[[Variant], Variant]


def candidates(
    asked: AutoConfig, human: str, count: int, suited: Suited = lambda one: one
) -> list[Variant]:
    """The first `count`, fewer where there are not so many that differ; `human` is the
    human-designed generator for the teacher, `suited` what a candidate comes to for it."""
    return list(islice(_different(asked, human, suited), count))


def controls(human: str) -> list[Variant]:
    """Calibration on noise, and GDFQ with its own generator."""
    return [Variant(NOISE, compress={"method": "noise"}), Variant(HUMAN, generator=human)]


def _different(asked: AutoConfig, human: str, suited: Suited) -> Iterator[Variant]:
    own = (suited(_named(one, human)) for one in asked.candidate)
    listed = [*controls(human), *own]
    first = {_text(one): one for one in reversed(listed)}
    begun = [one for one in listed if first[_text(one)] is one]
    yield from begun
    parents = [one for one in begun if _has_generator(one)]
    seen = set(first)
    number = failed = 0
    while failed < _TRIES:
        number += 1
        found = suited(_varied(asked, parents, number))
        if (text := _text(found)) in seen:
            failed += 1
            continue
        failed = 0
        seen.add(text)
        yield found


def _named(candidate: Variant, human: str) -> Variant:
    """With the file of the generator that is called human-designed."""
    return attrs.evolve(candidate, generator=human) if candidate.generator == HUMAN else candidate


def _has_generator(candidate: Variant) -> bool:
    return bool(candidate.generator or candidate.source)


def _text(candidate: Variant) -> str:
    """The same for what differs in its name alone, or in settings that its method has anyway."""
    method = METHODS.get(candidate.compress.get("method", "gdfq"))
    has = method.settings if method else {}
    own = {name: v for name, v in candidate.compress.items() if name not in has or has[name] != v}
    candidate = attrs.evolve(candidate, compress=own)
    return json.dumps(attrs.asdict(attrs.evolve(candidate, name="")), sort_keys=True)


def _varied(asked: AutoConfig, parents: Sequence[Variant], number: int) -> Variant:
    """One of the parents with other settings, each kind of which changes every second time."""
    random = Random(f"{asked.seed} candidate {number}")
    parent = random.choice(parents)
    kept = MADE_BY if random.random() < SHARED else ()
    own = dict(parent.compress)
    for name, choices in {**asked.choices, **asked.times}.items():
        # Drawn in any case, so that one setting does not depend on what became of another.
        changes, value = random.random() < 0.5, random.choice(choices)
        if changes and name not in kept:
            own[name] = value if name in asked.choices else (value, "times")
    return attrs.evolve(parent, name=f"{parent.name} #{number}", compress=_settled(own))


def _settled(own: dict[str, Any]) -> dict[str, Any]:
    """Of drawn settings those that the method has, with the numbers that factors come to."""
    method = find_method(own.get("method", "gdfq"))
    known = {
        name: value for name, value in own.items() if name == "method" or name in method.settings
    }
    if method.settings.get("objective") != find_method("gdfq").settings["objective"]:
        known.pop("objective", None)  # its own is what the method is about
    plain = {name: value for name, value in known.items() if not isinstance(value, tuple)}
    config = structured(plain, CompressConfig)
    for name, value in known.items():
        if isinstance(value, tuple):
            base = config.rate if name == "student_lr" else getattr(config, name)
            plain[name] = float(f"{value[0] * base:.4g}")
    return plain
