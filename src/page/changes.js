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
function showGroup(group, open) {
  const { lines, fields, withheld } = group.detail;
  return h("details", { class: `change ${group.kind}`, open },
    h("summary", {}, badge(group.kind, 1), h("code", { class: "path" }, group.path),
      h("span", { class: "on" }, group.hosts.length > 1 ? `${plural(group.hosts.length, "host")}: ` : "", span(group.hosts))),
    group.causes.length > 0 && h("div", { class: "because" }, h("h4", {}, "Because of"),
      h("ul", {}, group.causes.map((cause) => h("li", {}, cause)))),
    lines ? showLines(lines) : fields ? showFields(fields) : h("p", { class: "withheld" }, withheld),
    group.node !== null && h("p", { class: "to" }, h("a", { href: link("node", names[group.node]) }, "Show it in the graph")));
}
function showRestarts(restarts) {
  const waves = new Map();
  for (const { host, unit, wave } of restarts) {
    const units = waves.get(wave) ?? new Map();
    listed(units, unit).push(host);
    waves.set(wave, units);
  }
  const line = (wave, unit, on) => h("tr", {}, h("th", { scope: "row" }, String(wave)), h("td", {}, h("code", {}, unit)), h("td", {}, span(on)));
  return h("table", { class: "restarts" },
    h("thead", {}, h("tr", {}, ["wave", "unit", "hosts"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, [...waves].sort(([a], [b]) => a - b).flatMap(([wave, units]) =>
      [...units].map(([unit, on]) => line(wave, unit, on)))));
}
function showChanges({ headline, hosts: touched, groups, restarts }) {
  // Many changes begin closed: their paths and hosts are the picture.
  const open = groups.length <= 12;
  changesView.append(...[
    h("h2", {}, headline),
    touched.length > 0 && h("p", { class: "facts" }, span(touched)),
    h("section", { "aria-label": "Files" }, h("h3", {}, "Files"),
      groups.length ? groups.map((group) => showGroup(group, open)) : h("p", {}, "No file changes.")),
    h("section", { "aria-label": "Restarts" }, h("h3", {}, "Restarts"),
      restarts.length ? showRestarts(restarts) : h("p", {}, "Nothing restarts.")),
  ].filter(Boolean));
}

// On paper nothing can be opened.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...changesView.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true;
});
addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
