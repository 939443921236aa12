#!/usr/bin/env python3
"""Writes the cluster folder that is measured: one control plane and as many workers as one likes."""

import argparse
import ipaddress
import shutil
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "single"
FIRST = ipaddress.ip_address("10.0.1.0")


def generate(folder: Path, workers: int, machines: bool = False) -> Path:
    """The example's root and lock serve any number of workers: they run the same releases.

    Machines start from an image besides, which `kthw lock` pins.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cluster.yaml").write_text(cluster(workers, machines))
    for name in ("kthw.root", "kthw.lock"):
        shutil.copy(EXAMPLE / name, folder)
    return folder


def cluster(workers: int, machines: bool) -> str:
    head, worker, tail = (HERE / name for name in ("head.yaml", "worker.yaml", "machines.yaml"))
    template = worker.read_text()
    hosts = (
        template.replace("NUMBER", str(n)).replace("ADDRESS", str(FIRST + n))
        for n in range(1, workers + 1)
    )
    return head.read_text() + "".join(hosts) + (tail.read_text() if machines else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=5000)
    parser.add_argument("--machines", action="store_true", help="with a virtual machine for every host")
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.workers, arguments.machines)
