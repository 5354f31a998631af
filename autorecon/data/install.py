"""Install a data set without its user having to know how."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from autorecon.data import cifar, fashion_mnist, imagenet
from autorecon.data.errors import DataError, MissingDataError
from autorecon.data.folders import SYSTEM, cache_folder
from autorecon.data.registry import require_known

PACKAGE = f"dataset-{fashion_mnist.NAME}"
PATIENCE = 600  # seconds for one command: 31 MB over a slow line
Say = Callable[[str], None]


class Unavailable(Exception):
    """One way of installing that does not work here, and why."""


def fetch(name: str, *, say: Say = lambda line: None) -> Path:
    """Make sure that a data set is on this machine and return its folder.

    Does nothing if it is there already. Otherwise torchvision downloads the files into the cache
    folder; for Fashion-MNIST, Debian's package is installed (as root) or unpacked there (as anyone)
    where that goes. `say` is told before each. The files are read to verify them.
    Raises DataError with every reason if none of these works.
    """
    require_known(name)
    if name in cifar.CIFARS:
        return _fetch_cifar(name, say)
    if name == imagenet.NAME:
        return imagenet.find_folder()
    if name != fashion_mnist.NAME:
        raise DataError(f"{name} cannot be fetched; put its files where its loader looks for them")
    try:
        return _verified()
    except MissingDataError:
        return _install(say)


def _fetch_cifar(name: str, say: Say) -> Path:
    try:
        cifar.find_root(name)
    except MissingDataError:
        say(f"downloading {name} with torchvision, about 170 MB")
        cifar.download(name)
    return cifar.verified(name)


def _install(say: Say) -> Path:
    reasons = []
    for described, way in WAYS.items():
        say(f"trying to {described}")
        try:
            way()
            return _verified()
        except (Unavailable, DataError, OSError) as error:
            reasons.append(f"could not {described}: {error}")
    raise MissingDataError(
        f"{fashion_mnist.NAME} could not be installed:\n  " + "\n  ".join(reasons)
    )


def _verified() -> Path:
    folder = fashion_mnist.find_folder()
    fashion_mnist.check_files(folder)
    return folder


def install_package() -> None:
    """Install Debian's package for the whole machine."""
    _require_commands("apt-get")
    if os.geteuid() != 0:
        raise Unavailable("only root may")
    _run(["apt-get", "update"])
    _run(["apt-get", "install", "-y", PACKAGE])


def unpack_package() -> None:
    """Unpack Debian's package into the cache folder, for which nobody has to be root."""
    _require_commands("apt-get", "dpkg-deb")
    target = cache_folder() / fashion_mnist.NAME
    target.mkdir(parents=True, exist_ok=True)
    # In the target's own folder, so that a file is moved into place in one step.
    with tempfile.TemporaryDirectory(dir=target, prefix=".unpacking-") as scratch:
        folder = Path(scratch)
        _run(["apt-get", "download", PACKAGE], folder)
        package = next(folder.glob("*.deb"), None)
        if package is None:
            raise Unavailable("apt-get downloaded nothing")
        _run(["dpkg-deb", "-x", str(package), str(folder)])
        unpacked = folder / SYSTEM.relative_to("/") / fashion_mnist.NAME
        _move_checked(unpacked, target)


def _move_checked(unpacked: Path, target: Path) -> None:
    fashion_mnist.check_files(unpacked)
    for file in sorted(unpacked.iterdir()):
        file.replace(target / file.name)


def download_with_torchvision() -> None:
    """Let torchvision download the files into the cache folder."""
    try:
        from torchvision.datasets import FashionMNIST

        FashionMNIST(str(cache_folder()), download=True)
    # It raises whatever the network, its mirrors and the disk raise.
    except Exception as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error


WAYS: dict[str, Callable[[], None]] = {
    f"install Debian's package {PACKAGE}": install_package,
    f"unpack Debian's package {PACKAGE} into the cache folder": unpack_package,
    "download it with torchvision": download_with_torchvision,
}


def _require_commands(*commands: str) -> None:
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        raise Unavailable(f"there is no {' and no '.join(missing)} on this machine")


def _run(command: list[str], folder: Path | None = None) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"`{' '.join(command)}` took over {PATIENCE} s") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise Unavailable(f"`{' '.join(command)}` failed: {''.join(last) or 'no reason given'}")
