"""From a space to what is computed: a plan, and the passes that make it cheap. No torch.

In comes a Space, out comes a Plan: merges, applications and convolutions in their order. A pass
takes a plan and gives one that computes the same; `check_plan` holds each to that form.
"""

from autorecon.lowering.lower import Kept, lower
from autorecon.lowering.passes import PASSES, optimise
from autorecon.lowering.plan import Plan, check_plan

__all__ = ["PASSES", "Kept", "Plan", "check_plan", "lower", "optimise"]
