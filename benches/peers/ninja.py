"""The same graph for ninja: every output has the size that kthw's has, and is made by `cat`."""

from pathlib import Path

from shape import Shape


def write(folder: Path, shape: Shape, changed: str) -> Path:
    """Outputs of one size share a source, which spares ninja looking at one for each. `changed` has its own,
    whose path is returned."""
    sources = folder / "src"
    sources.mkdir(parents=True)
    for size in set(shape.sizes.values()):
        (sources / str(size)).write_bytes(b"x" * size)
    own = sources / "changed"
    own.write_bytes(b"x" * shape.sizes[changed])
    lines = ["rule cat\n  command = cat $in > $out\n"]
    for name, inputs in shape.inputs.items():
        source = "changed" if name == changed else shape.sizes[name]
        implicit = " ".join(f"out/{input}" for input in inputs)
        lines.append(f"build out/{name}: cat src/{source} | {implicit}\n")
    (folder / "build.ninja").write_text("".join(lines))
    return own
