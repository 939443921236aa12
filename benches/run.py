#!/usr/bin/env python3
"""Measures kthw beside its peers and writes the tables of docs/benchmarks.md.

Needs hyperfine, ninja, openssl, curl, git and GNU time; without Nix or chromedriver their rows say so.
"""

import argparse
import functools
import http.server
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "peers"), str(HERE / "w5k")]

import browser  # noqa: E402
import mirror  # noqa: E402
import nix  # noqa: E402
import ninja  # noqa: E402
from generate import generate  # noqa: E402
from measure import measure, starts  # noqa: E402
from shape import CHANGED, Shape  # noqa: E402

WORKERS = 5000
NIX_WORKERS = 50
CERTIFICATES = 50
DOCUMENT = HERE.parent / "docs" / "benchmarks.md"


class Suite:
    """Everything that is measured, each row a method."""

    def __init__(self, kthw: Path, work: Path):
        self.kthw, self.work, self.rows = kthw, work, []
        self.small = generate(work / "w2", 2)
        self.large = generate(work / "w5k", WORKERS)
        self.ninja = work / "ninja"

    def run(self) -> None:
        for step in (
            self.examples,
            self.cold,
            self.shape,
            self.ninja_cold,
            self.nothing_to_do,
            self.one_field,
            self.comment,
            self.key_order,
            self.golden,
            self.review,
            self.page,
            self.machines,
            self.certificates,
            self.download,
            self.download_http,
            self.nix,
        ):
            begun = time.monotonic()
            step()
            print(f"{step.__name__}: {time.monotonic() - begun:.0f} s", file=sys.stderr)

    def row(self, what: str, target: str, ours: str, peer: str = "", ratio: str = "", met: bool | None = None) -> None:
        verdict = {True: "yes", False: "**no**", None: ""}[met]
        self.rows.append((what, target, ours, peer, ratio, verdict))

    def build(self, folder: Path, *words) -> list:
        return [self.kthw, "build", "-C", folder, *words]

    # The examples.

    def examples(self) -> None:
        """Peers that render such clusters from one file are not to be had; scripts at least make the certificates."""
        sources = sorted(path.parent for path in (HERE.parent / "examples").glob("*/cluster.yaml"))
        folders = [self.work / "examples" / source.name for source in sources]
        for source, folder in zip(sources, folders):
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".kthw"))
        certificates = sum(self.certificates_of(folder) for folder in folders)

        def forget() -> None:
            for folder in folders:
                shutil.rmtree(folder / ".kthw", ignore_errors=True)

        builds = " && ".join(" ".join(map(str, self.build(folder))) for folder in folders)
        ours = measure(["sh", "-c", builds], 5, forget)
        names = ", ".join(source.name for source in sources)
        what = f"all {len(sources)} examples ({names}), each from an empty store, in all"
        self.row(what, "under 1 s", f"{ours.wall:.2f} s", met=ours.wall < 1)
        loop = self.work / "examples" / "openssl"
        loop.mkdir()
        peer = measure([HERE / "peers" / "openssl.sh", loop, certificates])
        self.row(
            f"… beside an openssl loop for their {certificates} keys and certificates alone",
            "",
            f"{ours.wall:.2f} s",
            f"{peer.wall:.1f} s",
            f"{peer.wall / ours.wall:.1f}",
        )

    def certificates_of(self, folder: Path) -> int:
        graph = measure([self.kthw, "graph", "-C", folder, "--format", "json"]).output
        return sum(node["kind"] == "certificate" for node in json.loads(graph)["nodes"])

    # The engine.

    def cold(self) -> None:
        measure(self.build(self.small))
        forget = lambda: shutil.rmtree(self.large / ".kthw", ignore_errors=True)
        self.first = measure(self.build(self.large, "--json"), 5, forget)
        wall, memory = self.first.wall, self.first.memory
        nodes = json.loads(self.first.output)["executed"]
        self.row(
            f"cold build of W5k, {nodes:,} nodes made and durable",
            "under 10 s, under 700 MB",
            f"{wall:.2f} s, {self.first.user:.2f} s of user time, {memory:.0f} MiB",
            met=wall < 10 and memory < 700,
        )

    def shape(self) -> None:
        self.graph = Shape(self.kthw, self.large, self.small)
        self.source = ninja.write(self.ninja, self.graph, CHANGED.format(WORKERS // 2))

    def ninja_cold(self) -> None:
        peer = measure(["ninja", "-C", self.ninja, "-j", os.cpu_count()])
        ratio = peer.wall / self.first.wall
        self.row(
            "… beside ninja running `cat` for as many outputs of these sizes, not durable",
            "at least 5 times faster",
            f"{self.first.wall:.2f} s",
            f"{peer.wall:.1f} s",
            f"{ratio:.1f}",
            ratio >= 5,
        )

    def nothing_to_do(self) -> None:
        version, small, large, peer = starts(
            [
                [self.kthw, "--version"],
                self.build(self.small),
                self.build(self.large),
                ["ninja", "-C", self.ninja],
            ],
            self.work,
            20,
        )
        for what, took in (("2 workers", small), ("W5k", large)):
            self.row(
                f"nothing to do, {what}, beside `kthw --version`",
                "at most 10 ms more",
                f"{took * 1e3:.1f} ms",
                f"{version * 1e3:.1f} ms",
                f"+{(took - version) * 1e3:.1f} ms",
                took - version <= 0.010,
            )
        ratio = peer / large
        self.row(
            "nothing to do, W5k, beside ninja",
            "at least 15 times faster",
            f"{large * 1e3:.1f} ms",
            f"{peer * 1e3:.0f} ms",
            f"{ratio:.0f}",
            ratio >= 15,
        )

    def one_field(self) -> None:
        """A label never seen before, so that the store cannot know the outcome."""
        spec, worker = self.large / "cluster.yaml", WORKERS // 2
        line = re.compile(rf"(name: worker-node-{worker}\n(?:.*\n)*?.*rack: )\w+")

        def change() -> None:
            spec.write_text(line.sub(rf"\g<1>r{time.time_ns()}", spec.read_text(), count=1))

        ours = measure(self.build(self.large, "--json"), 7, change)
        executed = json.loads(ours.output)["executed"]

        def touch() -> None:
            self.source.write_bytes(os.urandom(self.source.stat().st_size))

        peer = measure(["ninja", "-C", self.ninja], 5, touch)
        self.row(
            f"one label of one worker changed in W5k, {executed} nodes made",
            "under 0.5 s",
            f"{ours.wall:.2f} s, {ours.memory:.0f} MiB",
            f"ninja {peer.wall:.2f} s",
            f"{peer.wall / ours.wall:.1f}",
            ours.wall < 0.5,
        )

    def comment(self) -> None:
        spec = self.large / "cluster.yaml"
        note = lambda: spec.write_text(spec.read_text() + f"# {time.time_ns()}\n")
        self.unmoved("a comment added to the cluster.yaml of W5k", note)

    def key_order(self) -> None:
        spec = self.large / "cluster.yaml"

        def shuffle() -> None:
            swapped = re.sub(r"(  - name: .*\n)((?:    .*\n)+)", turned, spec.read_text())
            spec.write_text(swapped)

        def turned(host: re.Match) -> str:
            name, rest = host.groups()
            first, *others = rest.splitlines(keepends=True)
            return name + "".join([*others, first])

        self.unmoved("the order of keys changed in each of its hosts", shuffle)

    def unmoved(self, what: str, edit) -> None:
        ours = measure(self.build(self.large, "--json"), 3, edit)
        executed = json.loads(ours.output)["executed"]
        self.row(what, "0 nodes made", f"{executed} made, {ours.wall:.2f} s", met=executed == 0)

    def golden(self) -> None:
        check = [self.kthw, "snapshot", "-C", self.large, "--check"]
        measure(check[:-1])
        ours = measure(check, 5)
        files = ours.output.split(" ", 1)[0]
        self.row(
            f"{int(files):,} golden files of W5k checked, none of them stale",
            "under 1 s",
            f"{ours.wall:.2f} s, {ours.memory:.0f} MiB",
            met=ours.wall < 1,
        )

    def review(self) -> None:
        """Two revisions, of which git holds one; `diff -r` compares the same files once they are rendered."""
        folder = generate(self.work / "review", WORKERS)
        git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org"]
        (folder / ".gitignore").write_text(".kthw/\n")
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "first"]):
            subprocess.run([*git, *words], check=True)
        spec = folder / "cluster.yaml"
        first = spec.read_text()
        label = first.replace("rack: r2500}", "rack: other}")
        ranged = first.replace(" 10.96.", " 10.97.")
        measure(self.build(folder, "--out", self.work / "trees" / "first"))
        for what, text, target, seconds, runs in (
            ("the service range, which every worker feels", ranged, "under 3 s, under 1 GB", 3, 3),
            ("one label of one worker", label, "under 0.5 s", 0.5, 7),
        ):
            # The state that is reviewed against is the one that was built last.
            spec.write_text(first)
            measure(self.build(folder))
            spec.write_text(text)
            ours = measure([self.kthw, "diff", "-C", folder], runs)
            tree = self.work / "trees" / "second"
            shutil.rmtree(tree, ignore_errors=True)
            measure(self.build(folder, "--out", tree))
            peer = measure(["sh", "-c", f"diff -r {self.work}/trees/first {tree} > /dev/null || true"])
            self.row(
                f"two revisions of W5k compared, with causes: {what}, beside `diff -r` of both as rendered files",
                target,
                f"{ours.wall:.2f} s, {ours.memory:.0f} MiB",
                f"{peer.wall:.2f} s",
                f"{peer.wall / ours.wall:.1f}",
                ours.wall < seconds and ours.memory < 1000,
            )

    def page(self) -> None:
        """Ready is when all of it is painted and takes input, counted from the start of the navigation."""
        what = "the page of W5k in Chromium"
        if not shutil.which("chromedriver"):
            self.row(what, "at most 2 s more", "skipped: no chromedriver")
            return
        page, empty = self.work / "page.html", self.work / "empty.html"
        measure([self.kthw, "graph", "-C", self.large, "--format", "html", "--output", page])
        empty.write_text(browser.EMPTY)
        nothing = browser.opened(empty, 5)
        ours = browser.used(page, f"worker-node-{WORKERS // 2}", 5)
        more = ours["ready"] - nothing["ready"]
        self.row(
            f"{what}, {page.stat().st_size / 2**20:.0f} MiB, ready beside an empty page",
            "at most 2 s more",
            f"{ours['ready']:.0f} ms, loaded after {ours['load']:.0f} ms",
            f"{nothing['ready']:.0f} ms",
            f"+{more:.0f} ms",
            more <= 2000,
        )
        steps = {"search": "a search", "expand": "a card unfolded", "open": "a first node opened"}
        self.row(
            f"… used: {', '.join(steps.values())}, each until it is painted",
            "each at most 0.5 s",
            ", ".join(f"{ours[step]:.0f} ms" for step in steps),
            met=all(ours[step] <= 500 for step in steps),
        )

    def machines(self) -> None:
        folder = generate(self.work / "machines", WORKERS, machines=True)
        measure([self.kthw, "lock", "-C", folder])
        forget = lambda: shutil.rmtree(folder / ".kthw", ignore_errors=True)
        ours = measure(self.build(folder, "--json"), 3, forget)
        nodes = json.loads(ours.output)["executed"]
        stored = sum(path.stat().st_size for path in (folder / ".kthw" / "store").rglob("*") if path.is_file())
        self.row(
            f"cold build of W5k with a virtual machine for every host, {nodes:,} nodes made and durable",
            "under 20 s",
            f"{ours.wall:.1f} s, {ours.memory:.0f} MiB; {stored / 2**20:.0f} MiB stored",
            met=ours.wall < 20,
        )
        version, again = starts([[self.kthw, "--version"], self.build(folder)], self.work, 20)
        self.row(
            "nothing to do, W5k with virtual machines, beside `kthw --version`",
            "at most 10 ms more",
            f"{again * 1e3:.1f} ms",
            f"{version * 1e3:.1f} ms",
            f"+{(again - version) * 1e3:.1f} ms",
            again - version <= 0.010,
        )

    # Certificates.

    def certificates(self) -> None:
        home = self.work / "criterion"
        subprocess.run(
            ["cargo", "bench", "--quiet", "--bench", "engine"],
            cwd=HERE.parent,
            env=os.environ | {"CRITERION_HOME": str(home)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.engine = {
            path.parents[1].relative_to(home).as_posix(): (elements, median)
            for path in sorted(home.glob("*/*/new/estimates.json"))
            for median in [json.loads(path.read_text())["median"]["point_estimate"] / 1e9]
            for elements in [json.loads((path.parent / "benchmark.json").read_text())["throughput"]["Elements"]]
        }
        pairs, seconds = self.engine["certificates/pairs"]
        folder = self.work / "openssl"
        folder.mkdir()
        script = HERE / "peers" / "openssl.sh"
        measure([script, folder, 1])
        peer = CERTIFICATES / measure([script, folder, CERTIFICATES], 3).wall
        ours = pairs / seconds
        self.row(
            "keys with certificates, one thread, beside an openssl P-256 loop",
            "at least 20 times the rate",
            f"{ours:,.0f}/s",
            f"{peer:.0f}/s",
            f"{ours / peer:.0f}",
            ours / peer >= 20,
        )

    # Downloads.

    def download(self) -> None:
        self.mirror = self.work / "mirror"
        self.file = mirror.write(self.mirror, self.small / "kthw.lock")
        url = f"file://{self.mirror}"
        self.locked = generate(self.work / "download", 2)
        mirror.use(self.locked, url)
        measure([self.kthw, "lock", "-C", self.locked, "--mirror", url])
        copy = f"cp {self.file} {self.work}/copy && sync {self.work}/copy && openssl dgst -sha256 {self.work}/copy"
        self.fetch(
            "1 GiB from file://, hashed twice, stored and synced",
            ["sha256sum", self.file],
            ["openssl", "dgst", "-sha256", self.file],
            ["sh", "-c", copy],
        )

    def download_http(self) -> None:
        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def copyfile(self, source, outputfile) -> None:
                outputfile.flush()
                self.connection.sendfile(source)

            def log_message(self, *_) -> None:
                pass

        handler = functools.partial(Handler, directory=self.mirror)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            mirror.use(self.locked, url)
            pipe = f"curl -s {url}/{self.file.relative_to(self.mirror)} | sha256sum"
            self.fetch("1 GiB from http://127.0.0.1", ["sh", "-c", pipe])
            server.shutdown()

    def fetch(self, what: str, *peers: list) -> None:
        """The first peer is the one that the target names."""
        forget = lambda: shutil.rmtree(self.locked / ".kthw", ignore_errors=True)
        ours = measure(self.build(self.locked, "--fetch", mirror.NODE), 5, forget)
        stored = sum(f.stat().st_size for f in (self.locked / ".kthw/store/blobs").rglob("*") if f.is_file())
        assert stored >= mirror.GIBIBYTE, "the download is in the store"
        rate = lambda measured: f"{mirror.GIBIBYTE / 1e9 / measured.wall:.2f} GB/s"
        for peer in peers:
            theirs = measure(peer, 3)
            ratio = theirs.wall / ours.wall
            aim = ("at least 0.8 of the rate", ratio >= 0.8) if peer is peers[0] else ("", None)
            name = peer[-1] if peer[0] == "sh" else " ".join(str(word) for word in peer[:-1])
            self.row(f"{what}, beside {spoken(name)}", aim[0], rate(ours), rate(theirs), f"{ratio:.2f}", aim[1])

    # Nix.

    def nix(self) -> None:
        what = f"Nix, {NIX_WORKERS} workers"
        if not shutil.which("nix-build"):
            self.row(what, "", "skipped: no nix-build")
            return
        cluster = generate(self.work / "w50", NIX_WORKERS)
        shape = Shape(self.kthw, cluster, self.small)
        folder, changed = self.work / "nix", CHANGED.format(NIX_WORKERS // 2)
        environment = nix.environment(folder)
        nodes = nix.write(folder, shape, changed, "")
        command = ["nix-build", "--no-out-link", "--max-jobs", os.cpu_count(), nodes]
        forget = lambda: shutil.rmtree(cluster / ".kthw", ignore_errors=True)
        spec = cluster / "cluster.yaml"

        def label() -> None:
            spec.write_text(re.sub(r"rack: \w+", f"rack: r{time.time_ns()}", spec.read_text(), count=1))

        pairs = [
            (
                f"{len(shape.inputs)} nodes cold",
                measure(self.build(cluster), 5, forget),
                measure(command, env=environment),
            ),
            ("nothing to do", measure(self.build(cluster), 5), measure(command, 3, env=environment)),
            (
                "one node changed, and what is made from it",
                measure(self.build(cluster), 5, label),
                measure(command, 3, lambda: nix.write(folder, shape, changed, str(time.time_ns())), environment),
            ),
        ]
        for case, ours, theirs in pairs:
            ratio = f"{theirs.wall / ours.wall:.0f}"
            self.row(f"{what}, {case}", "", f"{ours.wall * 1e3:.0f} ms", f"{theirs.wall * 1e3:.0f} ms", ratio)


def spoken(command: str) -> str:
    """A command without what differs from run to run."""
    words = (word for word in command.split() if "/" not in word)
    return "`" + " ".join(words).replace("|", "\\|") + "`"


def table(rows) -> str:
    head = ("measured", "target", "kthw", "peer", "ratio", "met")
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def engine(measured: dict) -> str:
    lines = [("pure part", "of W5k or as said", "each")]
    lines.append(["---"] * 3)
    for name, (elements, seconds) in measured.items():
        lines.append((name, f"{elements:,} in {seconds * 1e3:.1f} ms", f"{seconds / elements * 1e6:.2f} µs"))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def machine(work: Path, before: float) -> str:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    say = lambda *words: subprocess.run(words, capture_output=True, text=True).stdout
    file_system = say("df", "--output=fstype", work).split()[-1]
    peers = [f"ninja {say('ninja', '--version').strip()}", " ".join(say("openssl", "version").split()[:2])]
    if shutil.which("nix-build"):
        peers.append(f"Nix {say('nix-build', '--version').split()[-1]}")
    return (
        f"{os.cpu_count()} × {cpu.group(1) if cpu else platform.machine()}, Linux {platform.release()}, "
        f"{file_system}; {', '.join(peers)}. Load average {before:.1f} before the run, and {os.getloadavg()[0]:.1f} "
        "after it.\n"
    )


def record(sections: dict[str, str]) -> None:
    """Replaces what stands between the marks of each section."""
    text = DOCUMENT.read_text()
    for name, content in sections.items():
        marks = (f"<!-- {name} -->\n", f"<!-- end of {name} -->")
        before, rest = text.split(marks[0])
        _, after = rest.split(marks[1])
        text = f"{before}{marks[0]}\n{content}\n{marks[1]}{after}"
    DOCUMENT.write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=None, help="a folder for 4 GiB of files, on a real disk")
    parser.add_argument("--dry-run", action="store_true", help="print the tables and write no document")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=HERE.parent, check=True)
    subprocess.run(["cargo", "bench", "--quiet", "--bench", "engine", "--no-run"], cwd=HERE.parent, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    with tempfile.TemporaryDirectory(prefix="kthw-bench-", dir=arguments.work or target) as work:
        suite = Suite(target.resolve() / "release" / "kthw", Path(work).resolve())
        before = os.getloadavg()[0]
        suite.run()
        sections = {
            "machine": machine(Path(work), before),
            "table": table(suite.rows),
            "engine": engine(suite.engine),
        }
    print(sections["table"])
    if not arguments.dry_run:
        record(sections)


if __name__ == "__main__":
    main()
