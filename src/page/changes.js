// The change itself: what it touches, what differs, and what restarts.
const changesView = document.getElementById("changes");
const SIGNS = { "+": "ins", "-": "del", "@": "hunk" };

function showLines(lines) {
  return h("pre", { class: "diff", tabindex: 0 }, lines.map((line) =>
    h("span", { class: SIGNS[line[0]] ?? "same" }, line, "\n")));
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
function on(names) {
  return names.length > 6 ? `${plural(names.length, "host")}: ${span(names)}` : [...names].sort(natural).join(", ");
}
function because(causes) {
  return causes.length > 0 && h("div", { class: "because" }, h("h4", {}, "Because of"),
    h("ul", {}, causes.map((cause) => h("li", {}, cause))));
}
function showGroup(group, open) {
  const { lines, fields, withheld } = group.detail;
  return h("details", { class: `change ${group.kind}`, open },
    h("summary", {}, badge(group.kind, 1), h("code", { class: "path" }, group.path),
      h("span", { class: "on" }, WHOSE[group.whose], on(hostsOf(group.hosts)))),
    because(group.causes),
    group.notes.map((note) => h("p", { class: "facts" }, note)),
    lines ? showLines(lines) : fields ? showFields(fields) : h("p", { class: "withheld" }, withheld),
    group.node !== null && h("p", { class: "to" }, h("a", { href: link("node", names[group.node]) }, "Show it in the graph")));
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
      h("th", { scope: "row" }, String(wave)), h("td", {}, code(unit)), h("td", {}, on(hostsOf(runs)))))));
}
function showDrains(drains) {
  return h("table", { class: "restarts drains" }, heads(["drained", "for"]),
    h("tbody", {}, drains.map(({ why, hosts: runs }) => h("tr", {},
      h("th", { scope: "row" }, on(hostsOf(runs))), h("td", {}, why.join(", "))))));
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
    touched.length > 0 && h("p", { class: "facts" }, "It touches ", on(touched), "."),
    warnings.map(showWarning),
    section("What was changed", inputs, (input) => h("code", {}, input), "change"),
    h("section", { "aria-label": "Restarts" }, h("h3", {}, "Restarts"),
      restarts.length > 0 && showRestarts(restarts), drains.length > 0 && showDrains(drains),
      !follows && h("p", {}, "Nothing restarts.")),
    section("Hosts", arrivals, showArrival, "host"),
    section("Files", groups, (group) => showGroup(group, open), "file"),
    groups.length === 0 && h("p", {}, "No file of a host that stays changes."),
  ].flat().filter(Boolean));
}

// On paper nothing can be opened.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...changesView.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true;
});
addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
