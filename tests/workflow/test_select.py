"""The selection between search and compression, at tiny size, and after an interruption."""

from __future__ import annotations

import json
import math
from pathlib import Path

import attrs
import pytest
import torch

import autorecon
from autorecon.compress import Bits
from autorecon.nn import Compute
from autorecon.objective import DivergedError
from autorecon.runs import Progress
from autorecon.workflow import run as workflow
from autorecon.workflow import select, stages
from autorecon.workflow.config import ConfigError, read_config

QUIET = Progress(quiet=True)
SELECT = {"candidates": 3, "seeds": 2, "budget": 0.5, "images": 6}


def start(settings, path="run", command="search", **section):
    config = settings | {"command": command, "select": SELECT | section}
    return workflow.start(Path(path), read_config(config), QUIET)


def derivation(folder):
    return json.loads(folder.derivation_path.read_text())


class Killed(BaseException):
    pass


def test_the_best_of_different_architectures_is_taken(tiny, monkeypatch):
    scores = iter([[50.0, 60.0], [80.0, 70.0], [90.0, 55.0]])
    monkeypatch.setattr(select, "examined", lambda *_: scores)
    folder, prepared = start(tiny)
    found = workflow.search(folder, prepared, QUIET)
    trials = derivation(folder)["trials"]
    means = [sum(t["agreement"].values()) / 2 for t in trials]
    assert means == [55.0, 75.0, 72.5]
    assert all(list(t["agreement"]) == ["1000001", "1000002"] for t in trials)
    assert trials[1]["choices"] == derivation(folder)["choices"] == dict(found.program.chosen)
    ids = {prepared.space.liveness.canonical(prepared.space.picks(found))}
    for trial in (trials[0], trials[2]):
        other = autorecon.graph.genotype(prepared.space, trial["choices"])
        ids.add(prepared.space.liveness.canonical(prepared.space.picks(other)))
    assert len(ids) == 3
    # Nothing else of the trials is left; the search's own comes first and can be had again.
    assert [path.name for path in folder.checkpoint_path.iterdir()] == ["search"]
    assert stages.derive(folder, prepared, QUIET)[0].text == found.text
    again, _ = stages.derive(folder, prepared, QUIET, by="argmax")
    assert dict(again.program.chosen) == trials[0]["choices"]


def test_trials_have_a_share_of_the_steps_and_other_seeds_than_the_results(tiny):
    folder, prepared = start(tiny, command="run", budget=0.5)
    workflow.run(folder, prepared, QUIET)
    rows = [json.loads(line) for line in folder.metrics_path.read_text().splitlines()]
    names = [row["stage"] for row in rows]
    tried = [f"select/candidate{n}/seed{s}" for n in (1, 2, 3) for s in (1000001, 1000002)]
    assert [name for name in names if name.startswith("select")] == tried
    short = select._short(prepared, 7)
    assert (short.warmup_steps, short.steps, short.seed) == (1, 1, 7)
    assert short.bits == prepared.config.compress.bits


def test_trials_can_have_other_bits_than_the_results(tiny):
    folder, prepared = start(tiny, bits="w2a4")
    assert select._short(prepared, 7).bits == Bits(2, 4) != prepared.config.compress.bits
    workflow.search(folder, prepared, QUIET)
    with pytest.raises(ConfigError, match="w99a4"):
        start(tiny, bits="w99a4")
    distils = tiny | {"compress": {"method": "dfad", "student": "resnet20"}}
    with pytest.raises(ConfigError, match=r"select\.bits is for methods that quantize"):
        start(distils, bits="w2a4")


def test_a_known_architecture_is_tried_beside_what_is_proposed(tiny, monkeypatch):
    space = autorecon.load("paper.space", **tiny["space"]["set"], classes=3, channels=1, size=8)
    first = {decision.name: decision.options[0] for decision in space.decisions}
    Path("mine.space").write_text(autorecon.graph.genotype(space, first, of="paper.space").text)
    monkeypatch.setattr(select, "examined", lambda *_: [[50.0], [60.0], [70.0]])
    folder, prepared = start(tiny, known="mine.space", candidates=2, seeds=1)
    Path("mine.space").unlink()  # the run has its own copy
    folder, prepared = workflow.resume(folder.path, "search", trust=True)
    found = workflow.search(folder, prepared, QUIET)
    assert [t["agreement"]["1000001"] for t in derivation(folder)["trials"]] == [50, 60, 70]
    assert dict(found.program.chosen) == derivation(folder)["choices"] == first


def test_a_known_architecture_that_is_proposed_anyway_is_tried_once(tiny):
    folder, prepared = start(tiny, candidates=2, seeds=1)
    stage = stages.search_stage(folder, prepared)
    found = stage.derive()
    known = autorecon.graph.genotype(prepared.space, found.choices)
    prepared = attrs.evolve(prepared, known=known)
    assert len(stages._proposed(stage, prepared, found)) == 2


def test_what_is_known_must_be_a_genotype_of_the_space(tiny):
    with pytest.raises(ConfigError, match=r"select\.known = 'gdfq-cifar' is no genotype of paper"):
        start(tiny, known="gdfq-cifar")
    assert not Path("run").exists()


def rows(folder):
    """Of metrics.jsonl, by stage and epoch."""
    lines = map(json.loads, folder.metrics_path.read_text().splitlines())
    return [(row["stage"], row["epoch"]) for row in lines]


def with_steps(tiny):
    return tiny | {"compress": tiny["compress"] | {"steps": 4, "warmup_steps": 0}}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, enter):
    """A search without an interruption: its genotype, derivation and rows."""
    with pytest.MonkeyPatch.context() as patch:
        folder, prepared = start(with_steps(enter(tmp_path_factory.mktemp("whole"), patch)))
        return workflow.search(folder, prepared, QUIET).text, derivation(folder), rows(folder)


# Steps of Adam 1 to 3 are the search's; each of six trials has two.
@pytest.mark.parametrize("interrupted", [2, 5, 8, 15])
def test_interrupted_selection_goes_on_to_the_same_choice(tiny, whole, monkeypatch, interrupted):
    left, step = [interrupted], torch.optim.Adam.step

    def dying(self, *args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return step(self, *args, **kwargs)

    started = start(with_steps(tiny), "broken")
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", dying)
        with pytest.raises(Killed):
            workflow.search(*started, QUIET)
    folder, prepared = workflow.resume(Path("broken"), "search", trust=True)
    found = workflow.search(folder, prepared, QUIET).text
    assert (found, derivation(folder), rows(folder)) == whole


@pytest.mark.parametrize("part", ["examined", "forget_trials", "candidate3"])
def test_a_trial_that_diverges_counts_as_no_agreement(tiny, monkeypatch, capsys, part):
    """Also where the search dies after it, and the trial is not tried again."""
    run_epoch, tried = select.Compression.run_epoch, []

    def diverging(self, epoch, tick):
        tried.append(self.name)
        if "candidate2" in self.name:
            raise DivergedError("ce", math.nan)
        if self.name.split("/")[1] == part and tried.count(self.name) == 1:
            raise Killed
        return run_epoch(self, epoch, tick)

    def dying(*_):
        raise Killed

    monkeypatch.setattr(select.Compression, "run_epoch", diverging)
    folder, prepared = start(tiny, seeds=1)
    with monkeypatch.context() as patch:
        for module in (select, stages):
            if hasattr(module, part):
                patch.setattr(module, part, dying)
        with pytest.raises(Killed):
            workflow.search(folder, prepared, Progress())
    folder, prepared = workflow.resume(folder.path, "search", trust=True)
    workflow.search(folder, prepared, Progress())
    trials = derivation(folder)["trials"]
    assert trials[1]["agreement"] == {"1000001": 0.0}
    assert min(trials[0]["agreement"]["1000001"], trials[2]["agreement"]["1000001"]) > 0
    assert "select/candidate2/seed1000001 counts as no agreement" in capsys.readouterr().err
    assert tried.count("select/candidate2/seed1000001") == 1
    assert [name for name, _ in rows(folder) if name.startswith("select")] == [
        "select/candidate1/seed1000001",
        "select/candidate3/seed1000001",
    ]
    assert [path.name for path in folder.checkpoint_path.iterdir()] == ["search"]


def test_trials_of_a_method_that_trains_no_student(tiny):
    tiny["compress"] = {"method": "calibration", "batch": 4, "warmup_steps": 4, "epochs": 1}
    folder, prepared = start(tiny, candidates=2, seeds=1)
    assert (select._short(prepared, 7).warmup_steps, select._short(prepared, 7).steps) == (2, 0)
    workflow.search(folder, prepared, QUIET)
    assert all(trial["agreement"]["1000001"] > 0 for trial in derivation(folder)["trials"])


def test_trials_that_all_diverge_select_nothing(tiny):
    tiny["compress"] = tiny["compress"] | {"generator_lr": 1e38, "warmup_steps": 4}
    folder, prepared = start(tiny, candidates=2, seeds=1)
    with pytest.raises(select.SelectionError, match="no trial of the selection came to an end"):
        workflow.search(folder, prepared, QUIET)
    assert not folder.genotype_path.exists()


def test_one_architecture_alone_is_not_tried(tiny, monkeypatch):
    monkeypatch.setattr(stages, "_proposed", lambda stage, prepared, found: [found.choices])
    folder, prepared = start(tiny)
    workflow.search(folder, prepared, QUIET)
    assert derivation(folder)["trials"] == []
    assert {name for name, _ in rows(folder)} == {"search"}


def shown(first, logits):
    return torch.tensor(first).float().view(-1, 1, 1, 1), torch.tensor(logits)


def test_agreement_is_what_the_student_gives_the_teachers_class_where_the_teacher_is_sure(says):
    log = math.log
    student = says([log(0.25), log(0.75)], [log(0.6), log(0.4)])
    # The teacher: 0.9 for the second class, 0.8 for the first, even.
    exam = [
        shown([0, 1], [[log(0.1), log(0.9)], [log(0.8), log(0.2)]]),
        shown([1], [[log(0.5), log(0.5)]]),
    ]
    weights = [0.9**8, 0.8**8, 0.5**8]
    given = sum(w * p for w, p in zip(weights, [0.75, 0.6, 0.6], strict=True))
    found = select.agreement(student, exam, Compute())
    assert found == pytest.approx(100 * given / sum(weights), rel=1e-6)
    assert select.agreement(says([math.nan] * 2, [0.0, 0.0]), exam, Compute()) == 0


def test_all_students_are_asked_about_what_all_generators_draw(says):
    """The first student knows image 0 alone, the second both, the third image 1 alone."""
    knows, not_ = [9.0, 0.0], [0.0, 9.0]
    zero, one = (shown([image] * 2, [[30.0, 0.0]] * 2) for image in (0, 1))
    first = select.Outcome(says(knows, not_), (zero,))
    both = select.Outcome(says(knows, knows), (zero,))
    last = select.Outcome(says(not_, knows), (one,))

    def told(*outcomes):
        return [[round(one) for one in found] for found in select.examined(outcomes, Compute())]

    assert told([first], [both], [last]) == [[67], [100], [33]]
    assert told([first, last], [both]) == [[67, 33], [100]]
    # Who diverged draws nothing, and comes to nothing.
    assert told([first, None], [last]) == [[50, 0], [50]]
    assert told([None], [None]) == [[0], [0]]


def test_images_that_are_no_numbers_are_no_part_of_the_exam(tiny, monkeypatch, capsys):
    outcome_of = select.outcome_of

    def spoiled(stage, images):
        outcome = outcome_of(stage, images)
        if "candidate1" in stage.name:
            outcome.drawn[0][0][0] = math.nan
        return outcome

    monkeypatch.setattr(select, "outcome_of", spoiled)
    folder, prepared = start(tiny, seeds=1)
    workflow.search(folder, prepared, Progress())
    first, *others = [trial["agreement"]["1000001"] for trial in derivation(folder)["trials"]]
    assert first == 0 < min(others)
    assert "candidate1/seed1000001 counts as no agreement: its images" in capsys.readouterr().err


def test_what_is_drawn_is_the_same_whenever_and_nothing_else_is_disturbed(tiny):
    folder, prepared = start(tiny)
    stage = stages.search_stage(folder, prepared)
    space = autorecon.graph.genotype(prepared.space, stage.derive().choices)
    drawn = []
    for _ in range(2):
        short = select.short_compression(prepared, space, 7, "short")
        short.run_epoch(0, lambda: None)
        state = torch.get_rng_state()
        outcome = select.outcome_of(short, 6)
        assert torch.equal(torch.get_rng_state(), state)
        assert sum(len(images) for images, _ in outcome.drawn) >= 6
        drawn.append(torch.cat([images for images, _ in outcome.drawn]))
        torch.rand(3)
    assert torch.equal(*drawn)


def test_what_makes_no_sense_is_told_before_anything_starts(tiny):
    with pytest.raises(ConfigError, match=r"select\.budget = 0.0 must be above 0"):
        start(tiny, budget=0)
    with pytest.raises(ConfigError, match=r"select\.seeds = 0 must be at least 1"):
        start(tiny, seeds=0)
    images = {"compress": {"method": "zeroq"}}
    with pytest.raises(ConfigError, match="zeroq has no generator to select by"):
        start(tiny | images)
    assert not Path("run").exists()
    folder, prepared = start(tiny | images, candidates=1)
    workflow.search(folder, prepared, QUIET)
    assert derivation(folder)["trials"] == []
