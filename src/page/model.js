// What the page is about. Nodes are numbers; a row is the nodes that differ only by host; a card is the rows of a group or of hosts that are alike.
const data = JSON.parse(document.getElementById("overview").textContent);
let parsedDetails;
// Most of the page's bytes are only read once a node is opened.
const details = () => (parsedDetails ??= JSON.parse(document.getElementById("details").textContent));

const { words, hosts } = data;
const names = data.nodes.name;
const count = names.length;
const numberOf = new Map(names.map((name, node) => [name, node]));
const hostNumber = new Map(hosts.name.map((name, host) => [name, host]));
const hostOf = (node) => -1 - data.nodes.home[node];
const hostName = (node) => hosts.name[hostOf(node)];
const kindOf = (node) => words[data.nodes.kind[node]];
const SCHEMES = { b3: "public", mac: "secret", pinned: "download" };
const schemeOf = (node) => SCHEMES[words[data.nodes.scheme[node]]] ?? "public";

// The gravest first: a row or a card is coloured by the first that it has.
const STATES = ["cause", "added", "removed", "cascade"];
const stateOf = new Map();
for (const state of STATES) for (const node of data.states[state] ?? []) stateOf.set(node, state);

const isGone = (node) => stateOf.get(node) === "removed";

const plural = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const natural = new Intl.Collator("en", { numeric: true }).compare;

// Neighbours of all nodes, one list after the other.
function neighbours(from, to, label) {
  const start = new Uint32Array(count + 1);
  for (const node of from) start[node + 1]++;
  for (let node = 0; node < count; node++) start[node + 1] += start[node];
  const next = start.slice(0, count);
  const node = new Uint32Array(to.length), slot = new Uint32Array(to.length);
  for (let edge = 0; edge < to.length; edge++) {
    const at = next[from[edge]]++;
    node[at] = to[edge];
    slot[at] = label[edge];
  }
  return { start, node, slot };
}
const takers = new Uint32Array(data.inputs.node.length);
for (let node = 0, edge = 0; node < count; node++)
  for (let left = data.inputs.count[node]; left > 0; left--) takers[edge++] = node;
const inputs = neighbours(takers, data.inputs.node, data.inputs.slot);
const users = neighbours(data.inputs.node, takers, data.inputs.slot);

function around(side, node) {
  const found = [];
  for (let edge = side.start[node]; edge < side.start[node + 1]; edge++)
    found.push({ node: side.node[edge], slot: words[side.slot[edge]] });
  return found;
}

// All that these nodes reach, themselves included.
function reach(side, nodes) {
  const seen = new Uint8Array(count), open = [...nodes];
  for (const node of open) seen[node] = 1;
  while (open.length) {
    const node = open.pop();
    for (let edge = side.start[node]; edge < side.start[node + 1]; edge++) {
      const other = side.node[edge];
      if (!seen[other]) { seen[other] = 1; open.push(other); }
    }
  }
  return seen;
}

// Names of hosts, few words for many: `worker-1 … worker-5000`, or in little space `worker-1 … 5000`.
function span(list, little = false) {
  const sorted = [...list].sort(natural), parts = [];
  const split = (name) => { const end = /\d*$/.exec(name); return [name.slice(0, end.index), end[0]]; };
  for (let first = 0; first < sorted.length;) {
    let last = first;
    const [stem, digits] = split(sorted[first]);
    while (last + 1 < sorted.length && digits) {
      const [other, next] = split(sorted[last + 1]);
      if (other !== stem || Number(next) !== Number(digits) + last + 1 - first) break;
      last++;
    }
    parts.push(last - first > 1 ? `${sorted[first]} … ${little ? split(sorted[last])[1] : sorted[last]}` : sorted.slice(first, last + 1).join(", "));
    first = last + 1;
  }
  if (parts.length <= 6) return parts.join(", ");
  return `${parts.slice(0, 3).join(", ")}, … ${parts.at(-1)}`;
}

const cards = [], rows = [], rowOf = new Uint32Array(count);
function makeCards() {
  const ofGroup = data.groups.map(({ name, about }) => ({ title: name, about, hosts: [], rows: [] }));
  const ofFold = data.hosts.folds.map((fold) => ({
    title: span(fold.map((host) => hosts.name[host])),
    short: span(fold.map((host) => hosts.name[host]), true),
    about: fold.length === 1 ? "A host." : `${plural(fold.length, "host")} with the same kinds of files.`,
    hosts: fold,
    rows: [],
  }));
  const cardOfHost = [];
  for (const card of ofFold) for (const host of card.hosts) cardOfHost[host] = card;
  cards.push(...ofGroup, ...ofFold);
  for (const card of cards) card.known = new Map();
  for (let node = 0; node < count; node++) {
    const host = hostOf(node), name = names[node];
    const card = host < 0 ? ofGroup[data.nodes.home[node]] : cardOfHost[host];
    // Without its host a node's name is that of its row; the first step only repeats the card's title.
    const first = name.indexOf("/");
    const stem = first < 0 ? name : name.slice(0, first);
    const rest = first < 0 ? "" : name.slice(first + 1 + (host < 0 ? 0 : hosts.name[host].length + 1));
    const key = `${stem}/${rest}`;
    let row = card.known.get(key);
    if (!row) {
      row = { number: rows.length, card, kind: kindOf(node), label: rest || stem, nodes: [] };
      card.known.set(key, row);
      rows.push(row);
      card.rows.push(row);
    }
    row.nodes.push(node);
    rowOf[node] = row.number;
  }
  cards.forEach((card, number) => {
    card.number = number;
    card.rows.sort((a, b) => natural(a.label, b.label));
    card.nodes = card.rows.reduce((sum, row) => sum + row.nodes.length, 0);
  });
  for (const part of [...rows, ...cards]) {
    part.states = new Map();
    for (const row of part.rows ?? [part])
      for (const node of row.nodes)
        if (stateOf.has(node)) part.states.set(stateOf.get(node), (part.states.get(stateOf.get(node)) ?? 0) + 1);
    part.state = STATES.find((state) => part.states.has(state));
  }
}
makeCards();

// Which rows are made from which.
const above = rows.map(() => new Set()), below = rows.map(() => new Set());
for (let node = 0; node < count; node++) {
  const row = rowOf[node];
  for (let edge = inputs.start[node]; edge < inputs.start[node + 1]; edge++) {
    const other = rowOf[inputs.node[edge]];
    if (other !== row) { above[row].add(other); below[other].add(row); }
  }
}

// The list that a map has under a key.
function listed(map, key) {
  if (!map.has(key)) map.set(key, []);
  return map.get(key);
}

// A node's files: on which hosts, at which path.
function holders(node) {
  const paths = new Map();
  for (const { node: bundle, slot } of around(users, node)) {
    const host = hostOf(bundle);
    if (hosts.bundle[host] === bundle && (isGone(node) || !isGone(bundle))) listed(paths, slot).push(hosts.name[host]);
  }
  return paths;
}

function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}
const link = (kind, name) => `#${kind}/${encodeURI(name)}`;
const badge = (state, n) => h("span", { class: `badge ${state}` }, n > 1 ? `${state} ${n.toLocaleString("en")}` : state);
// What several states are in little room: the sign of each, and how many have it.
const tally = (states) => STATES.filter((state) => states.has(state)).map((state) =>
  h("span", { class: `sign ${state}`, title: state }, states.get(state).toLocaleString("en")));
