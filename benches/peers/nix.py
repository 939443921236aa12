"""The same graph for Nix: every output has the size that kthw's has, and is written by `printf`."""

import os
from pathlib import Path

from shape import Shape

NODE = """\
  "{name}" = derivation {{
    name = "{flat}"; system = builtins.currentSystem; builder = "/bin/sh";
    args = [ "-c" ''printf %s "$text" > $out'' ];
    text = "{text}"; inputs = [ {inputs} ];
  }};
"""


def write(folder: Path, shape: Shape, changed: str, value: str) -> Path:
    """An expression in which the text of `changed` begins with `value`."""
    nodes = []
    for name, inputs in shape.inputs.items():
        text = "x" * shape.sizes[name]
        if name == changed:
            text = value + text[len(value) :]
        references = " ".join(f'nodes."{input}"' for input in inputs)
        nodes.append(
            NODE.format(name=name, flat=name.replace("/", "-"), text=text, inputs=references)
        )
    path = folder / "nodes.nix"
    path.write_text("let nodes = {\n" + "".join(nodes) + '}; in nodes."cluster"\n')
    return path


def environment(folder: Path) -> dict[str, str]:
    """A store of its own, without daemon, sandbox or build users."""
    conf = folder / "conf"
    conf.mkdir(parents=True)
    (conf / "nix.conf").write_text("sandbox = false\nbuild-users-group =\nsubstitute = false\n")
    places = {
        "NIX_STORE_DIR": folder / "store",
        "NIX_STATE_DIR": folder / "state",
        "NIX_LOG_DIR": folder / "log",
        "NIX_CONF_DIR": conf,
        "HOME": folder,
    }
    return os.environ | {name: str(place) for name, place in places.items()} | {"NIX_REMOTE": ""}
