"""Whether this machine has what a run is to be computed on."""

from __future__ import annotations

import torch

from autorecon.workflow.config import ConfigError, RunConfig


def check_device(config: RunConfig) -> None:
    """Raise ConfigError unless this machine has the device, and that the precision."""
    try:
        torch.zeros(1, device=config.device)
    # Of torch without CUDA, AssertionError.
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        advice = "leave out --device to use the CPU"
        message = f"device {config.device} cannot be used here, {advice}: {reason}"
        raise ConfigError(message) from None
    asked = (config.precision.search, config.precision.compress)
    if any(name.startswith("bf16") for name in asked) and not has_bf16(config.device):
        raise ConfigError(f"device {config.device} has no bfloat16: use --precision fp32")


def has_bf16(device: str) -> bool:
    """Whether a device computes in bfloat16."""
    return device == "cpu" or torch.cuda.is_bf16_supported()
