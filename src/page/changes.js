// The change itself: what it touches, what differs, and what restarts.
const changesView = document.getElementById("changes");
const SIGNS = { "+": "ins", "-": "del", "@": "hunk" };

function showLines(lines) {
  return h("pre", { class: "diff", tabindex: 0 }, lines.map((line) =>
    h("span", { class: SIGNS[line[0]] ?? "same" }, line[0] === "@" ? line : [h("b", {}, line[0]), line.slice(1)], "\n")));
}
function showFields(fields) {
  const side = (value, kind) => h("td", { class: kind }, value === null ? h("i", {}, "none") : h("span", {}, value));
  return h("div", { class: "wide" }, h("table", { class: "fields" },
    h("thead", {}, h("tr", {}, ["field", "before", "after"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, fields.map(({ name, before, after }) => h("tr", { class: before === after ? "same" : "differs" },
      h("th", { scope: "row" }, name), side(before, "del"), side(after, "ins"))))));
}
const WHOSE = { host: "", machine: "new machines of ", cluster: "the cluster" };
// Hosts are runs of numbers.
const hostsOf = (runs) => runs.flatMap(([first, last]) => hosts.name.slice(first, last + 1));
// Few names are all said; of many, how many there are comes first.
const FEW = 6;
function on(names) {
  return names.length > FEW ? `${plural(names.length, "host")}: ${span(names)}` : [...names].sort(natural).join(", ");
}
// The same, from where each can be opened.
function linked(names) {
  if (names.length > FEW) return on(names);
  return [...names].sort(natural).flatMap((name, n) => [n > 0 && ", ", h("a", { href: link("host", name) }, name)]).filter(Boolean);
}
function because(causes) {
  return causes.length > 0 && h("div", { class: "because" }, h("h4", {}, "Because of"),
    h("ul", {}, causes.map((cause) => h("li", {}, cause))));
}
function showDetail({ causes, notes, detail: { lines, fields, withheld } }) {
  return [
    because(causes),
    notes.map((note) => h("p", { class: "facts" }, note)),
    lines ? showLines(lines) : fields ? showFields(fields) : h("p", { class: "withheld" }, withheld),
  ].flat();
}
function showGroup(group, open) {
  return h("details", { class: `change ${group.kind}`, open },
    h("summary", {}, badge(group.kind, 1), h("code", { class: "path" }, group.path),
      h("span", { class: "on" }, WHOSE[group.whose], on(hostsOf(group.hosts)))),
    showDetail(group),
    group.node !== null && h("p", { class: "to" }, h("a", { href: link("node", names[group.node]) }, "Show it in the graph")));
}

// The changes of the files that a node is: the one that is shown for it, or for another host's.
function changesOf(node) {
  const paths = holders(node);
  const has = ({ whose, path, hosts: runs }) => whose === "host" && (paths.get(path) ?? []).some((name) => {
    const host = hostNumber.get(name);
    return runs.some(([first, last]) => first <= host && host <= last);
  });
  return (data.changes?.groups ?? []).map((group, place) => ({ group, place }))
    .filter(({ group }) => group.node === node || has(group));
}
function showChangesOf(node) {
  return changesOf(node).map(({ group, place }) => part("Change", ...showDetail(group),
    h("p", { class: "to" }, h("a", { href: link("changes", String(place)) }, "Show it among the changes"))));
}

// Opens one of the files' changes, wherever it is in the list.
let listOfFiles;
function openChange(place) {
  const [details] = listOfFiles.item(place).children, [summary] = details.children;
  details.open = true;
  summary.focus({ preventScroll: true });
  details.scrollIntoView({ block: "start" });
}
function showArrival({ host, kind, files, units, causes }) {
  return h("details", { class: `change ${kind}` },
    h("summary", {}, badge(kind, 1), h("code", { class: "path" }, hosts.name[host]),
      h("span", { class: "on" }, `${plural(files, "file")}, ${plural(units.length, "unit")}`)),
    because(causes),
    h("p", { class: "units" }, units.map((unit) => [code(unit), " "]).flat()),
    h("p", { class: "to" }, h("a", { href: link("host", hosts.name[host]) }, "Show it in the graph")));
}
function showWarning({ title, what, advice, causes }) {
  return h("div", { class: "warning", role: "note" },
    h("h3", {}, title), h("p", {}, what), h("p", { class: "facts" }, advice), because(causes));
}
const heads = (titles) => h("thead", {}, h("tr", {}, titles.map((title) => h("th", { scope: "col" }, title))));
function showRestarts(restarts) {
  return h("table", { class: "restarts" }, heads(["wave", "unit", "hosts"]),
    h("tbody", {}, restarts.map(({ wave, unit, hosts: runs }) => h("tr", {},
      h("th", { scope: "row" }, String(wave)), h("td", {}, code(unit)), h("td", {}, linked(hostsOf(runs)))))));
}
function showDrains(drains) {
  return h("table", { class: "restarts drains" }, heads(["drained", "for"]),
    h("tbody", {}, drains.map(({ why, hosts: runs }) => h("tr", {},
      h("th", { scope: "row" }, linked(hostsOf(runs))), h("td", {}, why.join(", "))))));
}
// A part of the change, of whose items a step is shown at a time.
function section(title, items, render, what) {
  return items.length > 0 && h("section", { "aria-label": title }, h("h3", {}, title), many(items, render, what));
}
function showChanges({ headline, facts, warnings, inputs, hosts: runs, arrivals, groups, restarts, drains }) {
  const touched = hostsOf(runs);
  // Many changes begin closed: their paths and hosts are the picture.
  const open = groups.length <= 12;
  const follows = restarts.length + drains.length > 0;
  changesView.append(...[
    h("h2", {}, headline),
    facts.map((fact) => h("p", { class: "facts" }, fact)),
    touched.length > 0 && h("p", { class: "facts" }, "It touches ", linked(touched), "."),
    warnings.map(showWarning),
    section("What was changed", inputs, (input) => h("code", {}, input), "change"),
    h("section", { "aria-label": "Restarts" }, h("h3", {}, "Restarts"),
      restarts.length > 0 && showRestarts(restarts), drains.length > 0 && showDrains(drains),
      !follows && h("p", {}, "Nothing restarts.")),
    section("Hosts", arrivals, showArrival, "host"),
    section("Files", groups, (group) => showGroup(group, open), "file"),
    groups.length === 0 && h("p", {}, "No file of a host that stays changes."),
  ].flat().filter(Boolean));
  listOfFiles = changesView.querySelector("[aria-label=Files] .many");
}

// On paper nothing can be opened.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...changesView.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true;
});
addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
