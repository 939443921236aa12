"""The shape of a cluster's graph: what each node is made from, and how many bytes it has."""

import json
import re
import subprocess
from pathlib import Path

CHANGED = "host/worker-node-{}/kubelet.service"
PINNED = {"download", "archive-member"}


class Shape:
    """Nodes in the order in which they can be made. What kthw pins is left out: a build does not make it."""

    def __init__(self, kthw: Path, folder: Path, small: Path):
        graph = json.loads(run(kthw, "graph", "-C", folder, "--format", "json"))["nodes"]
        self.inputs = {
            node["name"]: sorted(set(node["inputs"].values()))
            for node in graph
            if node["kind"] not in PINNED
        }
        for name, inputs in self.inputs.items():
            self.inputs[name] = [input for input in inputs if input in self.inputs]
        sizes = {}
        for name in self.inputs:
            like = re.sub(r"worker-node-\d+", "worker-node-1", name)
            if like not in sizes:
                source = folder if name == "cluster" else small
                sizes[like] = len(run(kthw, "show", "-C", source, "--reveal", like))
        self.sizes = {
            name: sizes[re.sub(r"worker-node-\d+", "worker-node-1", name)] for name in self.inputs
        }


def run(*command) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout
