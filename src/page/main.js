// Where one is: the address says which view is open and what is open in it.
function where() {
  const [, kind, name] = /^#(\w*)\/?(.*)$/.exec(location.hash) ?? [];
  let decoded = "";
  try { decoded = decodeURI(name ?? ""); } catch { /* An address that was typed: it names nothing. */ }
  const node = numberOf.get(decoded), host = hostNumber.get(decoded);
  if (kind === "node" && node !== undefined) return { kind, node };
  if (kind === "rows" && node !== undefined) return { kind, row: rows[rowOf[node]] };
  if (kind === "card" && node !== undefined) return { kind, card: rows[rowOf[node]].card };
  if (kind === "host" && host !== undefined) return { kind, host };
  if (!data.changes || kind === "graph") return { kind: "graph" };
  return { kind: "changes", place: data.changes.groups.findIndex((_, place) => String(place) === decoded) };
}

function follow() {
  const at = where(), inChanges = at.kind === "changes", graph = document.getElementById("graph");
  const appears = graph.hidden && !inChanges;
  changesView.hidden = !inChanges;
  graph.hidden = inChanges;
  for (const view of document.querySelectorAll("[data-view]"))
    view.setAttribute("aria-current", (view.dataset.view === "changes") === inChanges ? "page" : "false");
  document.getElementById("only").hidden = inChanges || stateOf.size === 0;
  if (at.place >= 0) openChange(at.place);
  if (inChanges) return;
  const shown = partOf(at);
  if (onlyChanged && shown && !shown.state) narrow(false);
  else if (appears) layout();
  if (at.kind === "node") { choose([at.node]); reveal(rows[rowOf[at.node]]); showPanel(showNode(at.node)); }
  else if (at.kind === "rows") { choose(at.row.nodes); reveal(at.row); showPanel(showRow(at.row)); }
  else if (at.kind === "host") { choose([hosts.bundle[at.host]]); showPanel(showHost(at.host)); }
  else if (at.kind === "card") { choose([]); roving(at.card.head); showPanel(showCard(at.card)); }
  else { choose([]); showPanel(showOverview()); }
}

// The row or card that is to be seen.
const partOf = ({ node, row, card, host }) => card ?? row ?? rows[rowOf[node ?? hosts.bundle[host]]];

// Shows what changes alone, or everything.
function narrow(wanted) {
  onlyChanged = wanted;
  document.querySelector("#only input").checked = wanted;
  layout();
}

// One step back towards the whole.
function up() {
  const at = where();
  const crumbs = panel.querySelectorAll(".crumbs a");
  if (at.kind === "changes") return;
  if (at.kind === "graph") { if (data.changes) location.hash = "#changes"; return; }
  location.hash = crumbs[crumbs.length - 1].getAttribute("href");
  current?.focus({ preventScroll: true });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target === search;
  if (event.key === "Escape") {
    if (!typing) up();
    else if (!results.hidden) closeResults();
    else { search.value = ""; search.blur(); }
  } else if (typing) return;
  else if (event.key === "/") search.focus();
  else if (event.key === "c" && data.changes) location.hash = "#changes";
  else if (event.key === "g") location.hash = "#graph";
  else if (event.key.startsWith("Arrow") && event.target === document.body && where().kind !== "changes") current?.focus();
  else return;
  event.preventDefault();
});
addEventListener("hashchange", follow);

// What is here once the change is made.
const staying = hosts.bundle.filter((bundle) => !isGone(bundle));
const files = staying.reduce((sum, bundle) => sum + data.inputs.count[bundle], 0);
const size = count - (data.states.removed ?? []).length;
document.title = `${data.title} · kthw`;
document.getElementById("title").textContent = data.title;
document.getElementById("size").textContent = [plural(staying.length, "host"), plural(files, "file"), plural(size, "node")].join(" · ");
if (data.changes) {
  document.getElementById("views").hidden = false;
  document.querySelector("#only input").checked = onlyChanged;
  document.querySelector("#only input").addEventListener("change", (event) => {
    narrow(event.target.checked);
    if (onlyChanged && !partOf(where())?.state) location.hash = "#graph";
    follow();
  });
  showChanges(data.changes);
}
makeCanvas();
layout();
follow();
// Two frames later all of it has been painted.
requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("ready")));
