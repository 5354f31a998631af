"""From a space to what is computed: a plan, and the passes that make it cheap. No torch."""

from autorecon.lowering.lower import Kept, lower
from autorecon.lowering.passes import PASSES, optimise
from autorecon.lowering.plan import Plan, check_plan

__all__ = ["PASSES", "Kept", "Plan", "check_plan", "lower", "optimise"]
