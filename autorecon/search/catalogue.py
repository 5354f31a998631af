"""The strategies of a search: what each does, needs and cites. No torch is loaded to list them."""

from __future__ import annotations

from types import MappingProxyType

import attrs

EVERY, ONE, TWO = "all candidates of every edge", "one path", "two candidates of every edge"
GRADIENT = "gradient"
WHOLE_COST = "cost"

NEEDS = MappingProxyType(
    {
        GRADIENT: "an objective of which every term has a gradient",
        WHOLE_COST: "an objective without cost terms, and a space whose architectures differ in "
        "multiply-accumulates",
    }
)


@attrs.frozen
class StrategyInfo:
    """One entry. `needs` are keys of NEEDS; `settings` the sections below [search] that it reads;
    `holds` is what an architecture step has in memory at once; `place` is its class, `module:name`
    within autorecon.search.strategies."""

    name: str
    summary: str
    source: str
    place: str
    holds: str
    needs: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def learns(self) -> bool:
        """Whether it learns probabilities of candidates, instead of comparing architectures."""
        return GRADIENT in self.needs


def _learning(
    name: str,
    summary: str,
    source: str,
    place: str,
    settings: tuple[str, ...] = (),
    holds: str = EVERY,
) -> StrategyInfo:
    return StrategyInfo(name, summary, source, place, holds, (GRADIENT,), ("alpha", *settings))


def _comparing(
    name: str, summary: str, source: str, place: str, needs: tuple[str, ...] = ()
) -> StrategyInfo:
    return StrategyInfo(name, summary, source, place, ONE, needs, ("population",))


_ALL = (
    _learning(
        "log",
        "Gumbel-softmax with log-probabilities: samples follow the probabilities",
        "Jang et al., ICLR 2017; Maddison et al., ICLR 2017",
        "gumbel:LogProbability",
        ("gumbel",),
    ),
    _learning(
        "paper",
        "Gumbel-softmax as Eq. 7 prints it: the probabilities are the logits",
        "Zhu et al. (AutoReCon), IJCAI 2021",
        "gumbel:AsPrinted",
        ("gumbel",),
    ),
    _learning(
        "darts",
        "softmax: every candidate by its probability, nothing is drawn",
        "Liu et al. (DARTS, first order), ICLR 2019",
        "darts:Darts",
    ),
    _learning(
        "hard",
        "one drawn candidate a decision, straight-through",
        "Dong and Yang (GDAS), CVPR 2019",
        "hard:Hard",
        ("gumbel",),
        ONE,
    ),
    _learning(
        "two-path",
        "weights see one drawn path; alpha compares two drawn candidates a decision",
        "Cai et al. (ProxylessNAS), ICLR 2019",
        "two_path:TwoPath",
        holds=TWO,
    ),
    _learning(
        "fairdarts",
        "a sigmoid a candidate, so that none wins by another's loss, drawn to 0 or 1",
        "Chu et al. (FairDARTS), ECCV 2020",
        "fairdarts:FairDarts",
        ("fairdarts",),
    ),
    _comparing(
        "random",
        "valid architectures drawn alike, judged by the super net's shared weights: the control",
        "Li and Talwalkar, UAI 2019; weights shared as by Guo et al., ECCV 2020",
        "random_search:RandomSearch",
    ),
    _comparing(
        "evolution",
        "the best of a few is parent, the oldest dies; judged by shared weights",
        "Real et al. (regularised evolution), AAAI 2019; weights as by Guo et al., ECCV 2020",
        "evolution:Evolution",
    ),
    _comparing(
        "pareto",
        "evolution towards the front of loss and multiply-accumulates, of which it writes a table",
        "Deb et al. (NSGA-II), 2002; weights as by Guo et al., ECCV 2020",
        "pareto:Pareto",
        (WHOLE_COST,),
    ),
)

DERIVATIONS = MappingProxyType(
    {
        "argmax": "the most probable options; of strategies that compare architectures, the best",
        "perturbation": "the options whose removal from the super net hurts most (DARTS-PT)",
        "sample": "the best of some drawn architectures, each judged alone in the super net",
    }
)

STRATEGIES = MappingProxyType({info.name: info for info in _ALL})
