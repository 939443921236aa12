// The picture: cards in columns, their rows, and the edges that matter now.
const CARD = 252, WIDEST = 360, HEAD = 54, ROW = 22, FOOT = 8, MOST_ROWS = 48, MARGIN = 24, GAP = 18, BETWEEN = 58;
// Columns are made narrower than life to be seen side by side, but not so far that nobody can read them.
const SMALLEST = 0.78;
// What an A4 page has room for beside its margins and below the header.
const PAPER = { width: 1040, height: 650 };
const canvas = document.getElementById("canvas"), sheet = document.getElementById("sheet"), edges = document.getElementById("edges");
// What changes is looked at first.
let onlyChanged = stateOf.size > 0, cardWidth = CARD;

const visible = (card) => (onlyChanged ? card.rows.filter((row) => row.state) : card.rows);

function makeCanvas() {
  // A picture of very many rows begins folded, so that it is seen whole.
  const folded = rows.length > 600;
  for (const card of cards) {
    card.folded = folded;
    card.list = h("ul", { id: `rows-${card.number}`, "aria-label": card.title });
    card.list.addEventListener("scroll", drawEdges);
    card.button = h("button", { type: "button", class: "fold", tabindex: -1, "aria-controls": `rows-${card.number}` });
    card.button.addEventListener("click", () => { card.folded = !card.folded; layout(); });
    card.head = h("a", { class: "head", href: link("card", names[card.rows[0].nodes[0]]), tabindex: -1, title: card.title },
      h("h2", {}, card.short ?? card.title), h("p", {}, cardSize(card), tally(card.states)));
    card.element = h("section", { class: `card ${card.state ?? ""}`, "aria-label": card.title }, card.head, card.button, card.list);
    for (const row of card.rows) {
      const [first] = row.nodes;
      const many = row.nodes.length > 1;
      row.element = h("a", {
        class: `row ${schemeOf(first)} ${row.state ?? ""}`, tabindex: -1, "data-row": row.number,
        href: link(many ? "rows" : "node", names[first]), title: [`${row.label} (${row.kind})`, ...row.states.keys()].join(", "),
      }, h("span", { class: "label mark" }, row.label),
      h("span", { class: "note" }, note(row)));
      row.item = h("li", {}, row.element);
    }
    sheet.append(card.element);
  }
}

function note({ state, states, nodes, kind }) {
  const times = (n) => `×${n.toLocaleString("en")}`;
  if (states.size > 1) return tally(states);
  if (!state) return nodes.length === 1 ? kind : times(nodes.length);
  return h("span", { class: `sign ${state}` }, nodes.length === 1 ? state : `${state} ${times(states.get(state))}`);
}

function cardSize(card) {
  const many = card.hosts.length > 1 ? `${plural(card.hosts.length, "host")}, ` : "";
  return many + plural(card.nodes, "node");
}

// Columns of cards: dagre says what is left of what, and which order crosses least.
function columns(shown, between) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const card of shown) graph.setNode(String(card.number), { width: CARD, height: card.height });
  for (const { from, to } of between) graph.setEdge(String(from.number), String(to.number));
  dagre.layout(graph);
  const at = (card) => graph.node(String(card.number));
  const places = [...new Set(shown.map((card) => at(card).x))].sort((a, b) => a - b);
  const all = places.map((x) => shown.filter((card) => at(card).x === x).sort((a, b) => at(a).y - at(b).y));
  // What everything ends in is not worth a column of its own.
  if (all.length > 2 && all.at(-1).every((card) => card.rows.length <= 3)) all.push([...all.splice(-2)].flat());
  return all;
}

function layout() {
  const shown = cards.filter((card) => visible(card).length > 0);
  for (const card of cards) card.element.hidden = !shown.includes(card);
  for (const card of shown) {
    const list = card.folded ? [] : visible(card);
    card.list.replaceChildren(...list.map((row) => row.item));
    card.list.hidden = card.folded;
    card.button.setAttribute("aria-expanded", String(!card.folded));
    card.button.setAttribute("aria-label", `${card.folded ? "Unfold" : "Fold"} ${card.title}`);
    card.height = HEAD + (list.length ? Math.min(list.length, MOST_ROWS) * ROW + FOOT : 0);
    list.forEach((row, place) => { row.place = place; });
  }
  const between = new Map();
  for (const row of rows)
    for (const other of above[row.number]) {
      const from = rows[other].card, to = row.card;
      if (from === to || from.element.hidden || to.element.hidden) continue;
      const key = `${from.number} ${to.number}`;
      between.set(key, { from, to, rows: (between.get(key)?.rows ?? 0) + 1 });
    }
  resting = [...between.values()];
  const all = columns(shown, resting), room = canvas.clientWidth - 2 * MARGIN - (all.length - 1) * BETWEEN;
  // Where there is room, more of each label is seen.
  cardWidth = Math.round(Math.max(CARD, Math.min(WIDEST, room / all.length)));
  let x = MARGIN, height = 0;
  for (const column of all) {
    let y = MARGIN;
    for (const card of column) {
      Object.assign(card, { x, y });
      Object.assign(card.element.style, { left: `${x}px`, top: `${y}px`, width: `${cardWidth}px`, height: `${card.height}px` });
      y += card.height + GAP;
    }
    height = Math.max(height, y - GAP + MARGIN);
    x += cardWidth + BETWEEN;
  }
  width = x - BETWEEN + MARGIN;
  sheet.style.width = `${width}px`;
  sheet.style.height = `${height}px`;
  sheet.style.setProperty("--on-paper", Math.max(0.45, Math.min(1, PAPER.width / width, PAPER.height / height)).toFixed(3));
  edges.setAttribute("width", width);
  edges.setAttribute("height", height);
  fit();
  roving();
  drawEdges();
}

let width = 0;
function fit() {
  sheet.style.setProperty("--zoom", Math.max(SMALLEST, Math.min(1, canvas.clientWidth / width)).toFixed(3));
}
addEventListener("resize", fit);

// Exactly one element of the canvas is reached by Tab.
let current;
function stops() {
  const shown = cards.filter((card) => !card.element.hidden);
  return shown.flatMap((card) => [card.head, ...(card.folded ? [] : visible(card).map((row) => row.element))]);
}
function roving(element) {
  const all = stops();
  if (element) current = element;
  if (!all.includes(current)) current = all[0];
  for (const stop of all) stop.tabIndex = stop === current ? 0 : -1;
}

canvas.addEventListener("keydown", (event) => {
  const from = event.target.closest(".row, .head");
  if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") { event.preventDefault(); from.click(); return; }
  const card = cards.find((card) => card.element.contains(from));
  if (event.key === "-" || event.key === "+") {
    card.folded = event.key === "-";
    layout();
    card.head.focus();
    roving(card.head);
    return;
  }
  const to = neighbour(from, event.key);
  if (!to) return;
  event.preventDefault();
  roving(to);
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// The stop that an arrow leads to: along the column, or to the nearest of the next column.
function neighbour(from, key) {
  const all = stops(), here = from.getBoundingClientRect();
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  const across = { ArrowLeft: -1, ArrowRight: 1 }[key], along = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (!across && !along) return undefined;
  let best, least = Infinity;
  for (const stop of all) {
    if (stop === from) continue;
    const there = stop.getBoundingClientRect();
    const dx = there.left - here.left, dy = there.top + there.height / 2 - here.top - here.height / 2;
    const column = Math.abs(dx) < here.width / 2;
    const ahead = along ? column && dy * along > 0 : dx * across > here.width / 2;
    const distance = along ? Math.abs(dy) : Math.abs(dx) * 8 + Math.abs(dy);
    if (ahead && distance < least) [best, least] = [stop, distance];
  }
  return best;
}

// Edges between cards rest in the background; those of the selection and of what is pointed at lie over them.
let resting = [], chosen = { up: new Set(), down: new Set(), self: new Set() }, pointed;

function level(row) {
  const { card } = row;
  if (card.folded) return card.y + HEAD / 2;
  const y = HEAD + row.place * ROW + ROW / 2 - card.list.scrollTop;
  return card.y + Math.max(HEAD, Math.min(y, card.height - FOOT));
}
function curve(from, y1, to, y2) {
  if (from === to || to.x <= from.x) {
    const left = Math.min(from.x, to.x) - 16 - Math.min(40, Math.abs(y2 - y1) / 12);
    return `M${from.x},${y1}C${left},${y1} ${left},${y2} ${to.x},${y2}`;
  }
  const x1 = from.x + cardWidth, bend = Math.max(30, (to.x - x1) / 2);
  return `M${x1},${y1}C${x1 + bend},${y1} ${to.x - bend},${y2} ${to.x},${y2}`;
}
function paths(pairs, kind) {
  const shown = pairs.filter(([a, b]) => !a.card.element.hidden && !b.card.element.hidden && (!onlyChanged || (a.state && b.state)));
  const d = shown.map(([a, b]) => curve(a.card, level(a), b.card, level(b))).join("");
  return d && `<path class="${kind}" d="${d}"/>`;
}
function within(set, sides) {
  const pairs = [];
  for (const row of set) for (const other of sides[row]) if (set.has(other)) pairs.push([rows[other], rows[row]]);
  return pairs;
}
function drawEdges() {
  const quiet = chosen.self.size > 0;
  const rest = resting.map(({ from, to, rows }) =>
    `<path class="rest" stroke-width="${(0.9 + Math.log2(1 + rows) / 2.4).toFixed(1)}" d="${curve(from, from.y + HEAD / 2, to, to.y + HEAD / 2)}"/>`);
  const near = pointed === undefined ? [] : [
    ...[...above[pointed]].map((other) => [rows[other], rows[pointed]]),
    ...[...below[pointed]].map((other) => [rows[pointed], rows[other]]),
  ];
  edges.innerHTML = (quiet ? "" : rest.join("")) + paths(within(chosen.up, above), "up") +
    paths(within(chosen.down, above), "down") + paths(near, "near");
}

function point(row) {
  if (row === pointed) return;
  for (const side of pointed === undefined ? [] : [above[pointed], below[pointed]])
    for (const other of side) rows[other].element.classList.remove("near");
  pointed = row;
  if (row !== undefined)
    for (const side of [above[row], below[row]]) for (const other of side) rows[other].element.classList.add("near");
  drawEdges();
}
const rowAt = (event) => { const at = event.target.closest?.(".row"); return at ? Number(at.dataset.row) : undefined; };
for (const kind of ["pointerover", "focusin"]) canvas.addEventListener(kind, (event) => point(rowAt(event)));
for (const kind of ["pointerleave", "focusout"]) canvas.addEventListener(kind, () => point(undefined));

// Lights all that these nodes are made from and all that they go into.
function choose(nodes) {
  const lit = (side) => {
    const set = new Set();
    if (nodes.length) reach(side, nodes).forEach((seen, node) => { if (seen) set.add(rowOf[node]); });
    return set;
  };
  chosen = { up: lit(inputs), down: lit(users), self: new Set(nodes.map((node) => rowOf[node])) };
  canvas.classList.toggle("chosen", nodes.length > 0);
  for (const row of rows) {
    const { classList } = row.element, { number } = row;
    const self = chosen.self.has(number);
    classList.toggle("self", self);
    classList.toggle("up", !self && chosen.up.has(number));
    classList.toggle("down", !self && chosen.down.has(number));
    if (self && nodes.length) row.element.setAttribute("aria-current", "true");
    else row.element.removeAttribute("aria-current");
  }
  drawEdges();
}

// Brings a row into view, unfolding its card if it must.
function reveal(row) {
  if (row.card.folded) { row.card.folded = false; layout(); }
  row.element.scrollIntoView({ block: "nearest", inline: "nearest" });
  roving(row.element);
  drawEdges();
}
