// Finding: rows of many hosts first, then hosts, nodes, and files by host and path.
const search = document.getElementById("search"), results = document.getElementById("results");
const lower = names.map((name) => name.toLowerCase());
const hostLower = hosts.name.map((name) => name.toLowerCase());

// The first matches of each sort, as [label, note, link, nodes that it stands for], and how many there are.
function find(query) {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  let total = 0;
  const take = (most) => {
    let taken = 0;
    return (make) => { total++; if (taken++ < most) found.push(make()); };
  };
  const all = (text) => wanted.every((word) => text.includes(word));
  let add = take(8);
  for (const row of rows)
    if (row.nodes.length > 1 && all(`${row.label} ${row.kind}`))
      add(() => [row.label, `${row.kind} of ${plural(row.nodes.length, "host")}`, row.element.getAttribute("href"), row.nodes]);
  add = take(8);
  hostLower.forEach((name, host) => {
    if (all(name)) add(() => [hosts.name[host], "host", link("host", hosts.name[host]), [hosts.bundle[host]]]);
  });
  add = take(30);
  const matches = [];
  for (let node = 0; node < count; node++) {
    const kind = kindOf(node);
    if (wanted.every((word) => lower[node].includes(word) || kind.includes(word))) matches.push(node);
  }
  // Those that end in what was typed are most likely meant.
  const last = wanted.at(-1);
  const ends = (node) => (lower[node].endsWith(last) ? 0 : 1);
  if (matches.length < 5000) matches.sort((a, b) => ends(a) - ends(b) || lower[a].length - lower[b].length || natural(lower[a], lower[b]));
  for (const node of matches) add(() => [names[node], kindOf(node), link("node", names[node]), [node]]);
  add = take(14);
  if (wanted.some((word) => word.includes("/") || word.includes(":")))
    hosts.name.forEach((name, host) => {
      const bundle = hosts.bundle[host];
      for (let edge = inputs.start[bundle]; edge < inputs.start[bundle + 1]; edge++) {
        const file = `${name}:${words[inputs.slot[edge]]}`;
        if (all(file.toLowerCase())) add(() => [file, "file", link("node", names[inputs.node[edge]]), [inputs.node[edge]]]);
      }
    });
  return { found, total };
}

// What becomes of these nodes, the gravest of it first.
function statesOf(nodes) {
  const states = new Set(nodes.map((node) => stateOf.get(node)));
  return STATES.filter((state) => states.has(state)).map((state) => badge(state, 1));
}

function closeResults() {
  results.hidden = true;
  search.setAttribute("aria-expanded", "false");
  search.removeAttribute("aria-activedescendant");
}
function mark(place) {
  const options = [...results.querySelectorAll("[role=option]")];
  if (!options.length) return;
  const next = (place + options.length) % options.length;
  options.forEach((option, n) => option.setAttribute("aria-selected", String(n === next)));
  search.setAttribute("aria-activedescendant", options[next].id);
  options[next].scrollIntoView({ block: "nearest" });
}
const marked = () => [...results.querySelectorAll("[role=option]")].findIndex((option) => option.getAttribute("aria-selected") === "true");

search.addEventListener("input", () => {
  const query = search.value.trim();
  if (!query) { closeResults(); return; }
  const { found, total } = find(query);
  results.replaceChildren(...found.map(([label, note, to, nodes], n) =>
    h("li", { role: "option", id: `found-${n}`, "aria-selected": "false", "data-to": to }, h("span", {}, label), statesOf(nodes), h("small", {}, note))),
  h("li", { class: "total", role: "presentation" }, total > found.length ? `${found.length} of ${plural(total, "match", "matches")}` : total ? plural(total, "match", "matches") : "Nothing is called that."));
  results.hidden = false;
  search.setAttribute("aria-expanded", "true");
  mark(0);
});
search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") mark(marked() + 1);
  else if (event.key === "ArrowUp") mark(marked() - 1);
  else if (event.key === "Enter") openFound(results.querySelector("[aria-selected=true]"));
  else return;
  event.preventDefault();
});
results.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  openFound(event.target.closest("[role=option]"));
});
search.addEventListener("blur", closeResults);

function openFound(option) {
  if (!option || results.hidden) return;
  closeResults();
  search.value = "";
  search.blur();
  location.hash = option.dataset.to;
}
