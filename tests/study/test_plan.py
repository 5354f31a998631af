"""From a study's text to its cells."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from autorecon.compress import CompressError
from autorecon.lang import SpaceError
from autorecon.runs import Progress
from autorecon.study.cells import Task, plan
from autorecon.study.errors import StudyError
from autorecon.study.folder import StudyFolder
from autorecon.study.run import check
from autorecon.study.spec import find_study, read_study, shipped_studies
from autorecon.study.work import do_cell
from autorecon.workflow.config import ConfigError

QUIET = Progress(quiet=True)
ID = "tiny_teacher-teacher"

# Of the valid architectures half know the label.
SMALL = """space small(classes = 3)
input z [4]: noise
input y: label(classes)
node a [1, 8, 8]
output image [1, 8, 8]
link z -> a = linear
link y -> a = embed | none
link a -> image = conv(3) | conv(1)
"""
DRAWN = """
[[variant]]
name = "human-designed"
generator = "gdfq-cifar"

[[variant]]
name = "random genotype"
drawn = "paper"
"""


def test_cells_come_after_what_they_need_seed_by_seed(tiny):
    cells = plan(read_study(tiny, "tiny"))
    assert [cell.id.removeprefix(f"{ID}/") for cell in cells if cell.seed == 0] == [
        "w3a3/human-designed/seed0",
        "draw-paper/seed0",
        "w3a3/random-genotype/seed0",
        "search-paper/seed0",
        "w3a3/discovered/seed0",
    ]
    assert [cell.seed for cell in cells] == [0] * 5 + [1] * 5
    assert cells[4].needs == cells[3].id


def test_searches_can_be_fewer_than_seeds(tiny):
    text = tiny.replace('name = "paper"\nrecipe', 'name = "paper"\ncount = 1\nrecipe')
    cells = plan(read_study(text, "tiny", {"seeds": 3}))
    assert [c.id for c in cells if c.kind == "search"] == [f"{ID}/search-paper/seed0"]
    assert len([c for c in cells if c.needs == f"{ID}/search-paper/seed0"]) == 3
    assert len([c for c in cells if c.kind == "draw"]) == 3


def test_later_seeds_are_those_that_more_seeds_would_add(tiny):
    for text in (tiny, tiny.replace('name = "paper"\nrecipe', 'name = "paper"\ncount = 2\nrecipe')):
        late = plan(read_study(text, "tiny", {"first_seed": 3, "seeds": 2}))
        all_cells = plan(read_study(text, "tiny", {"seeds": 5}))
        assert {cell.seed for cell in late if cell.kind == "compress"} == {3, 4}
        assert {cell.id for cell in late} <= {cell.id for cell in all_cells}
        same = {cell.id: cell.config for cell in all_cells}
        assert all(cell.config == same[cell.id] for cell in late)


def test_a_search_that_selects_does_so_at_the_bits_that_it_is_for(tiny):
    selecting = tiny.replace('recipe = "paper"', 'recipe = "paper"\nselect = { candidates = 2 }')
    cells = plan(read_study(selecting, "tiny", {"bits": ["w3a3", "w2a4"], "seeds": 1}))
    searches = {cell.id: str(cell.config.compress.bits) for cell in cells if cell.kind == "search"}
    place = f"{ID}/search-paper"
    assert searches == {f"{place}/{bits}/seed0": bits for bits in ("w3a3", "w2a4")}
    found = [cell for cell in cells if cell.variant == "discovered"]
    assert [cell.needs for cell in found] == list(searches)
    told = selecting.replace(
        "{ candidates = 2 }", '{ candidates = 2 }\ncompress = { bits = "w4a4" }'
    )
    cells = plan(read_study(told, "tiny", {"bits": ["w3a3", "w2a4"], "seeds": 1}))
    assert [cell.id for cell in cells if cell.kind == "search"] == [f"{place}/seed0"]


def test_the_budget_is_that_of_every_cell(tiny):
    half = plan(read_study(tiny, "tiny", {"budget": 0.5}))
    whole = [c.config.compress for c in half if c.kind == "compress"]
    assert {(c.warmup_steps, c.steps) for c in whole} == {(1, 2)}
    assert {c.config.search.epochs for c in half if c.kind == "search"} == {1}
    assert {c.config.search.warmup_epochs for c in half if c.kind == "search"} == {0}


def test_only_the_end_is_scored(tiny):
    for cell in (c for c in plan(read_study(tiny, "tiny")) if c.kind == "compress"):
        assert cell.config.compress.evaluate_every == cell.config.compress.epochs


def test_a_change_of_settings_is_another_place_to_work(tiny):
    cells, others = (plan(read_study(tiny, "tiny", {"budget": b})) for b in (1.0, 2.0))
    steps = {cell.digest for cell in cells if cell.kind != "draw"}
    assert len(steps) == 8
    assert not steps & {cell.digest for cell in others if cell.kind != "draw"}


def test_a_setting_is_of_every_compression_whose_method_has_it():
    study = find_study("table5", {"seeds": 1})
    before, after = plan(study), plan(study.with_compress({"rounding": "plain"}))
    assert {c.kind for c in before} == {"search", "compress"}
    for one, other in zip(before, after, strict=True):
        own = one.config.compress
        kept = own if own.rounding == "" else attrs.evolve(own, rounding="plain")
        assert other.config == attrs.evolve(one.config, compress=kept)
    assert {c.config.compress.rounding for c in after} == {"", "plain"}
    with pytest.raises(StudyError, match="no method that is compared has a setting `sharpness`"):
        study.with_compress({"sharpness": 1})
    (search,) = study.search
    wrong = attrs.evolve(study, search=[attrs.evolve(search, compress={"method": "gdfx"})])
    with pytest.raises(CompressError, match="no method 'gdfx'"):
        wrong.with_compress({"rounding": "plain"})


def test_cells_share_images_that_do_not_depend_on_the_student(tiny):
    two = {"bits": ["w3a3", "w2a4"], "seeds": 1}
    cells = [c for c in plan(read_study(tiny, "tiny", two)) if c.kind == "compress"]
    by_variant = {c.variant: {o.images for o in cells if o.variant == c.variant} for c in cells}
    assert all(len(images) == 1 for images in by_variant.values())
    assert len(set.union(*by_variant.values()) - {""}) == 3
    alone = plan(read_study(tiny, "tiny", {"seeds": 1}))
    assert not any(cell.images for cell in alone)
    looking = tiny.replace("[compress]", '[compress]\nmethod = "adadfq"')
    assert not any(cell.images for cell in plan(read_study(looking, "tiny", two)))


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_can_be_planned(name):
    study = find_study(name, {})
    assert read_study_again(study) == study
    assert plan(study)


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_fit_their_teachers(name):
    """Every method, generator and search that a study of one teacher has can begin."""
    study = find_study(name, {"seeds": 1})
    cells = plan(find_study(name, {"seeds": 1, "teachers": study.teachers[:1]}))
    check(cells, dict.fromkeys(cell.id for cell in cells))


FREE = 'search = { objective = "onehot + entropy",'


def test_whatever_may_be_found_must_know_a_class_that_is_asked_for(tiny):
    text = tiny.replace(
        '{ file = "paper.space", set = { width = 2, latent = 4 } }', '{ file = "autorecon" }'
    )
    free = text.replace("search = {", FREE)
    with pytest.raises(StudyError, match="not every generator of autorecon knows it") as caught:
        _check(free)
    assert caught.value.__notes__ == [f"in the cell {ID}/w3a3/random-genotype/seed0"]
    _check(text)
    _check(tiny.replace("search = {", FREE))  # of the paper's space every one does
    cells = plan(read_study(free, "tiny", {"seeds": 1}))
    assert {c.config.search.objective for c in cells if c.kind == "draw"} == {"onehot + entropy"}


def _check(text):
    cells = plan(read_study(text, "tiny", {"seeds": 1}))
    check(cells, dict.fromkeys(cell.id for cell in cells))


def test_what_is_drawn_for_a_class_knows_it(tiny):
    small = tiny.replace(
        '{ file = "paper.space", set = { width = 2, latent = 4 } }', '{ file = "small.space" }'
    )
    Path("small.space").write_text(SMALL)
    small = small[: small.index("[[variant]]")] + DRAWN
    cells = [c for c in plan(read_study(small, "tiny", {"seeds": 6})) if c.kind == "draw"]
    drawn = [do_cell(StudyFolder(Path("out")), Task(cell), QUIET).genotype for cell in cells]
    (space,) = check(cells, dict.fromkeys(cell.id for cell in cells)).values()
    assert len(drawn) == 6
    assert all("y" in space.from_id(genotype).live for genotype in drawn)


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ("set = { wdith = 3 }", SpaceError, "wdith"),
        ('compress = { method = "zeroq" }', ConfigError, "zeroq takes no generator"),
        ('compress = { method = "dfad" }', ValueError, "nosuchnet"),
    ],
)
def test_what_cannot_be_compressed_with_is_told_before_it_is_searched(tiny, more, error, message):
    students = {"students": ["resnet20", "nosuchnet"], "seeds": 1}
    text = tiny[: tiny.index("[compress]")] + tiny[tiny.index("[[search]]") :]
    cells = plan(read_study(f"{text}{more}\n", "tiny", students))
    with pytest.raises(error, match=message) as raised:
        check(cells, dict.fromkeys(cell.id for cell in cells))
    assert any("in the cell" in note for note in raised.value.__notes__)


def test_trials_that_distil_are_not_given_bits(tiny):
    """What was found so may be quantized with."""
    distil = 'compress = { method = "dfad", student = "resnet20" }'
    text = tiny.replace('recipe = "paper"', f'recipe = "paper"\nselect.candidates = 2\n{distil}')
    (search,) = (c for c in plan(read_study(text, "tiny", {"seeds": 1})) if c.kind == "search")
    assert (search.id, search.config.compress.method) == (f"{ID}/search-paper/seed0", "dfad")


def test_operations_of_ones_own_are_there_for_the_compression_too(tiny):
    text = tiny.replace('file = "paper.space",', 'file = "paper", ops = ["mine"],')
    cells = plan(read_study(text + 'ops = ["others"]\n', "tiny", {"seeds": 1}))
    ops = {cell.variant or cell.kind: cell.config.space.ops for cell in cells}
    assert ops == {
        "human-designed": (),
        "draw": ("mine",),
        "random genotype": ("mine",),
        "search": ("mine",),
        "discovered": ("mine", "others"),
    }


def read_study_again(study):
    import tomli_w

    return read_study(tomli_w.dumps(study.to_toml()), "again")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('drawn = "paper"', 'drawn = "papre"', "no search 'papre': did you mean"),
        ('compare = ["human', 'compare = ["hunan', "no variant 'hunan-designed' to compare with"),
        ('name = "discovered"', 'name = "random/genotype"', "more than one variant of one name"),
        ("seeds = 2", "seeds = 0", "seeds = 0 must be 1 to 1000"),
        ("seeds = 2", "first_seed = -1", "first_seed = -1 must be 0 to 999995"),
        ('bits = ["w3a3"]', 'bits = ["w3"]', "expected the form w3a3"),
        ('bits = ["w3a3"]', "bits = []", "needs `bits`"),
        ("steps = 4\n", "stepps = 4\n", "there is no `stepps`"),
        ('generator = "plain', 'drawn = "paper"\ngenerator = "plain', "has both"),
        ('title = "A tiny', 'titel = "A tiny', "there is no `titel`"),
        ("[compress]", '[compress]\nmethod = "gdqf"', "there is no method 'gdqf'"),
        ("seeds = 2", "seeds =", "is not TOML"),
        ("steps = 4\n", 'bits = "w4a4"\n', "bits is no setting here: say it by `bits`"),
        ("epochs = 2", "evaluate_every = 1", "scored at the end"),
    ],
)
def test_what_is_wrong_is_told(tiny, old, new, message):
    assert old in tiny
    text = tiny.replace(old, new)
    with pytest.raises(ValueError, match=message) as caught:
        plan(read_study(text, "tiny"))
    assert getattr(caught.value, "exit_code", None) == 2


def test_no_such_study(tmp_path):
    with pytest.raises(ValueError, match="did you mean `table2`"):
        find_study("tabel2", {})
    with pytest.raises(ValueError, match="holds no study"):
        find_study(str(tmp_path), {})
    assert ConfigError.exit_code == 2


def test_some_variants_alone(tiny):
    study = read_study(tiny, "tiny")
    assert {cell.kind for cell in plan(study.only(["human-designed"]))} == {"compress"}
    assert study.only(["discovered"]).compare == []
    with pytest.raises(ValueError, match="no variant 'discoverd': did you mean `discovered`"):
        study.only(["discoverd"])


def test_names_may_be_of_any_script(tiny):
    text = tiny.replace('name = "discovered"', 'name = "größe 大\\u001b/../x"')
    ids = [cell.id for cell in plan(read_study(text, "tiny"))]
    assert any("größe-大-..-x" in name for name in ids)
    assert not any("\x1b" in name for name in ids)
