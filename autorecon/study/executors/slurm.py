"""Cells as jobs of Slurm by submitit, or of submitit's own processes on this machine.

A job that is preempted, or runs out of its time, is put back into the queue by submitit and goes
on from its cell's checkpoint. Jobs go on when the study's process ends, and are found again.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import attrs

from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.study.executors.remote import Remote, Work, tail


@attrs.frozen
class SlurmWork:
    """What submitit calls; put back as it is, since all that was reached is in the folder."""

    work: Work
    where: str

    def __call__(self) -> None:
        import submitit

        self.work.do(f"{self.where} {submitit.JobEnvironment().job_id}")

    def checkpoint(self) -> Any:
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


@attrs.define
class Slurm(Remote):
    """Jobs of `site`; `here` has submitit run them on this machine, to try what will be sent."""

    site: Cluster = attrs.field(kw_only=True)
    here: bool = attrs.field(kw_only=True, default=False)
    _executor: Any = attrs.field(default=None, init=False)

    def __enter__(self) -> Slurm:
        self._executor = _executor(self.folder.jobs_path, self.site, self.here)
        return self

    @property
    def where(self) -> str:
        return f"here {socket.gethostname()}" if self.here else "slurm"

    def submit(self, work: Work) -> Any:
        return self._executor.submit(SlurmWork(work, self.where))

    def name(self, job: Any) -> str:
        return f"{self.where} {job.job_id}"

    def find(self, name: str) -> Any:
        where, _, number = name.rpartition(" ")
        if where != self.where or not number.replace("_", "").isdigit():
            return None
        job = self._executor.job_class(self.folder.jobs_path, number)
        return None if self.over(job) else job

    def over(self, job: Any) -> str:
        gone = not _is_alive(job) if self.here else job.done()
        if not gone:
            return ""
        why = tail(job.paths.stderr) or tail(job.paths.stdout)
        log = f"{job.paths.stderr}" + (f": {why}" if why else "")
        return f"its job {job.job_id} ended without a record ({job.state}); see {log}"


def _is_alive(job: Any) -> bool:
    """Whether a process of submitit's is there, be it one that another process of ours began."""
    if job._process is not None:
        return job._process.poll() is None
    try:
        return b"submitit" in Path(f"/proc/{int(job.job_id)}/cmdline").read_bytes()
    except OSError:
        return False


def _executor(logs: Path, site: Cluster, here: bool) -> Any:
    try:
        import submitit
    except ImportError as error:
        message = "--on slurm needs submitit: pip install 'autorecon[cluster]'"
        raise StudyError(message) from error
    try:
        made = submitit.AutoExecutor(logs, cluster="local" if here else "slurm")
    except RuntimeError as error:
        raise StudyError(f"--on slurm: {error}") from error
    asked = {"slurm_partition": site.partition, "slurm_account": site.account}
    made.update_parameters(
        name="autorecon",
        timeout_min=site.minutes,
        cpus_per_task=site.cpus,
        **{key: value for key, value in asked.items() if value and not here},
        **({"gpus_per_node": site.gpus} if site.gpus else {}),
        **({"mem_gb": site.bytes / 2**30} if site.memory else {}),
        **({} if here else {"slurm_signal_delay_s": 120}),
    )
    return made._executor
