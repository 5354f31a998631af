"""`autorecon teachers`: what can be compressed without bringing a model."""

from __future__ import annotations

import json

import click

OTHERS = """
With `--weights`, a file or Hugging Face folder that you have (nothing is downloaded):
  autorecon:NAME           networks for small images: resnet20, resnet18, resnet34, resnet50,
                           mobilenet_v2, and the narrower resnet18_x0_25, mobilenet_v2_x0_5
  torchvision:NAME         classifiers of torchvision, as torchvision:resnet50
  timm:NAME                classifiers of timm, which is installed with autorecon[timm]
  package.module:function  a function of your own that returns the network"""


@click.command("teachers")
@click.option("--json", "as_json", is_flag=True, help="Print everything that is recorded.")
def teachers(as_json: bool) -> None:
    """List the shipped teachers, and how others are named."""
    from autorecon.teachers import describe, names

    found = {name: describe(name) for name in names()}
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, about in found.items():
        size = f"{about['channels']}x{about['size']}x{about['size']}"
        click.echo(
            f"{name:<22} {about['architecture']}, {about['data']} {size}, "
            f"{about['classes']} classes, mean {_numbers(about['mean'])}, std "
            f"{_numbers(about['std'])}, {about['test_accuracy']:.2f} % top-1"
        )
    click.echo(OTHERS)


def _numbers(values: list[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)
