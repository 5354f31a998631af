"""Cells as tasks of Ray: of the cluster at an address, or of one that is begun on this machine.

Tasks end with the study's process; when it is called again their cells go on from checkpoints.
"""

from __future__ import annotations

import os
from typing import Any

import attrs

from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.study.executors.remote import Remote, Work


@attrs.define
class Ray(Remote):
    """Tasks that ask what `site` says. Ray's own retries are off: the study gives cells again."""

    site: Cluster = attrs.field(kw_only=True)
    _ray: Any = attrs.field(default=None, init=False)
    _do: Any = attrs.field(default=None, init=False)
    _began: bool = attrs.field(default=False, init=False)

    def __enter__(self) -> Ray:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError as error:
            raise StudyError("--on ray needs Ray: pip install 'autorecon[ray]'") from error
        self._ray, self._began = ray, not ray.is_initialized()
        if self._began:
            self._connect(self.site.address or os.environ.get("RAY_ADDRESS", ""))
        asked: dict[str, Any] = {
            "num_cpus": self.site.cpus,
            "num_gpus": self.site.gpus,
            "max_retries": 0,
        }
        if self.site.memory:
            asked["memory"] = self.site.bytes
        self._do = ray.remote(**asked)(_do)
        return self

    def __exit__(self, *error: object) -> None:
        if self._began:
            self._ray.shutdown()

    def _connect(self, address: str) -> None:
        try:
            self._ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level="ERROR",
                include_dashboard=None if address else False,
            )
        # Where its nodes do not come up in time, Ray raises Exception itself.
        except Exception as error:
            raise StudyError(f"--on ray: no cluster at {address or 'local'}: {error}") from error

    def submit(self, work: Work) -> Any:
        return self._do.remote(work)

    def name(self, job: Any) -> str:
        return f"ray {job.task_id().hex()}"

    def find(self, name: str) -> Any:
        return None  # it ended with the process that gave it

    def over(self, job: Any) -> str:
        if not self._ray.wait([job], timeout=0)[0]:
            return ""
        try:
            self._ray.get(job)
        except Exception as error:
            return f"its task of Ray ended: {str(error).strip().splitlines()[-1]}"
        return "its task of Ray ended without a record"


def _do(work: Work) -> None:
    import ray

    from autorecon.study.claims import ClaimLostError

    try:
        work.do(f"ray {ray.get_runtime_context().get_task_id()}")
    except ClaimLostError as error:  # which Ray would take for the end of its process
        raise RuntimeError(str(error)) from error
