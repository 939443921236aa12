"""Chromium, spoken to through chromedriver: what a page takes there, as whoever opens it feels it."""

import json
import re
import subprocess
import urllib.request
from pathlib import Path
from statistics import median

# Runs a step on the page, and waits until what it leads to has been painted: two frames later it has.
PAINTED = """
const [step, done] = [%s, arguments[arguments.length - 1]];
const begun = performance.now();
step();
requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
"""
READY = """
const done = arguments[arguments.length - 1];
const look = () => {
  const [ready] = performance.getEntriesByName("ready");
  const [load] = performance.getEntriesByType("navigation");
  if (ready && load.loadEventEnd) done({ load: load.loadEventEnd, ready: ready.startTime });
  else setTimeout(look, 5);
};
look();
"""
# An empty page that marks the same moment.
EMPTY = """<!doctype html><title>empty</title><script>
requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("ready")));
</script>
"""
SEARCH = """() => {
  const search = document.getElementById("search");
  search.value = %s;
  search.dispatchEvent(new Event("input"));
}"""
# The card of many hosts.
FOLD = """() => {
  const [head] = [...document.querySelectorAll(".card .head")].filter((head) => /\\d hosts/.test(head.textContent));
  head.parentElement.querySelector(".fold").click();
}"""
OPEN = """() => { location.hash = %s; }"""


class Browser:
    """A headless Chromium of its own."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        said = (re.search(r"started successfully on port (\d+)", line) for line in self.process.stdout)
        port = next(found for found in said if found).group(1)
        self.url = f"http://127.0.0.1:{port}/session"
        arguments = ["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1600,1000"]
        wanted = {"goog:chromeOptions": {"args": arguments}}
        self.url += "/" + self.ask("", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        urllib.request.urlopen(urllib.request.Request(self.url, method="DELETE")).read()
        self.process.terminate()
        self.process.wait()

    def ask(self, path: str, body: dict):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        return json.load(urllib.request.urlopen(request))["value"]

    def run(self, script: str):
        return self.ask("/execute/async", {"script": script, "args": []})

    def open(self, page: Path) -> dict[str, float]:
        """Milliseconds from the start of the navigation."""
        self.ask("/url", {"url": page.as_uri()})
        return self.run(READY)

    def step(self, step: str) -> float:
        return self.run(PAINTED % step)


def used(page: Path, host: str, runs: int) -> dict[str, float]:
    """The medians, in milliseconds, of opening a page and using it, in a new browser each time."""
    return medians(page, runs, lambda browser: steps(browser, host))


def opened(page: Path, runs: int) -> dict[str, float]:
    """The same of opening alone."""
    return medians(page, runs, lambda _: {})


def steps(browser: Browser, host: str) -> dict[str, float]:
    taken = {"search": browser.step(SEARCH % json.dumps(f"{host} kubelet"))}
    browser.step(FOLD)
    taken["expand"] = browser.step(FOLD)
    taken["open"] = browser.step(OPEN % json.dumps(f"#node/host/{host}/kubelet.service"))
    return taken


def medians(page: Path, runs: int, use) -> dict[str, float]:
    taken = []
    for _ in range(runs):
        with Browser() as browser:
            taken.append(browser.open(page) | use(browser))
    return {what: median(times[what] for times in taken) for what in taken[0]}
