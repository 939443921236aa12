// What is known of the thing that is open.
const panel = document.getElementById("panel");
const STEP = 100;

// A list of any length, of which a step is shown at a time.
function many(items, render, what) {
  const list = h("ul", { class: "many" });
  const more = h("button", { type: "button", class: "more" });
  let shown = 0;
  const grow = () => {
    list.append(...items.slice(shown, shown + STEP).map((item) => h("li", {}, render(item))));
    shown = Math.min(shown + STEP, items.length);
    more.textContent = `${plural(items.length - shown, what)} more`;
    more.hidden = shown === items.length;
  };
  more.addEventListener("click", grow);
  grow();
  list.item = (place) => {
    while (shown <= place) grow();
    return list.children[place];
  };
  return [list, more];
}

const nodeLink = (node) => h("a", { class: `node ${schemeOf(node)}`, href: link("node", names[node]) }, names[node]);
// Those that change first, for among thousands nobody finds them.
const changedFirst = (nodes, name) => [...nodes].sort((a, b) =>
  Number(stateOf.has(b)) - Number(stateOf.has(a)) || natural(name(a), name(b)));
const stated = (node) => stateOf.has(node) && badge(stateOf.get(node), 1);
const part = (title, ...content) => h("section", {}, h("h3", {}, title), ...content);
const code = (text) => h("code", {}, text);
const crumbs = (...steps) => h("nav", { class: "crumbs", "aria-label": "Path" },
  h("ol", {}, steps.map(([name, to]) => h("li", {}, h("a", { href: to }, name)))));

function cardCrumb(card) { return [card.title, link("card", names[card.rows[0].nodes[0]])]; }

function showOverview() {
  const folds = cards.filter((card) => card.hosts.length);
  return [
    h("h2", {}, "What is here"),
    h("p", {}, "Everything that the hosts of ", h("strong", {}, data.title),
      " will hold, and what it is made from: sources on the left, hosts on the right. ",
      "Open a node to see its text, its parameters and the line that decided each."),
    onlyChanged && h("p", {}, "Only what changes is drawn; without “changed only” everything is."),
    data.changes && h("ul", { class: "legend" }, [
      ["cause", "its own parameters change"], ["cascade", "only what it is made from does"],
      ["added", "it is new"], ["removed", "it is no longer there"],
    ].map(([state, means]) => h("li", {}, badge(state, 1), means))),
    h("ul", { class: "legend" },
      h("li", { class: "public" }, h("span", { class: "mark" }), "public, with its text here"),
      h("li", { class: "download" }, h("span", { class: "mark" }), "a download, known by its checksum"),
      h("li", { class: "secret" }, h("span", { class: "mark" }), "secret, never written down")),
    part("Hosts", h("ul", { class: "plain" }, folds.map((card) => h("li", {},
      h("a", { href: cardCrumb(card)[1] }, card.title), h("small", {}, cardFacts(card)))))),
    part("Groups", h("ul", { class: "plain" }, cards.filter((card) => !card.hosts.length).map((card) => h("li", {},
      h("a", { href: cardCrumb(card)[1] }, card.title), h("small", {}, card.about))))),
    part("Keys", h("dl", { class: "keys" }, [
      ["/", "search"], ["← ↑ ↓ →", "move"], ["Enter", "open"], ["+ −", "unfold, fold"], ["Esc", "back"],
      ...(data.changes ? [["c, g", "changes, graph"]] : []),
    ].flatMap(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)]))),
  ];
}

const filesOf = (host) => around(inputs, hosts.bundle[host]);
function cardFacts(card) {
  const files = plural(filesOf(card.hosts[0]).length, "file");
  return card.hosts.length === 1 ? files : `${plural(card.hosts.length, "host")}, ${files} each`;
}

function showCard(card) {
  if (card.hosts.length === 1) return showHost(card.hosts[0]);
  return [
    crumbs(["Graph", "#graph"]),
    h("h2", {}, card.title), h("p", {}, card.about),
    card.hosts.length > 0 && part("Hosts", ...many(changedFirst(card.hosts.map((host) => hosts.bundle[host]), hostName), (bundle) => [
      h("a", { href: link("host", hostName(bundle)) }, hostName(bundle)), stated(bundle)], "host")),
    card.hosts.length > 0 && part("Files of each", ...many(
      filesOf(card.hosts[0]).sort((a, b) => natural(a.slot, b.slot)),
      ({ slot, node }) => [
        h("a", { class: `node ${schemeOf(node)}`, href: rows[rowOf[node]].element.getAttribute("href") }, slot),
        h("small", {}, kindOf(node)),
      ], "file")),
    part("Nodes", ...many(card.rows, (row) => [
      h("a", { class: `node ${schemeOf(row.nodes[0])}`, href: row.element.getAttribute("href") }, row.label),
      h("small", {}, row.nodes.length > 1 ? `${row.kind} ×${row.nodes.length.toLocaleString("en")}` : row.kind),
      [...row.states].map(([state, n]) => badge(state, n)),
    ], "node")),
  ];
}

function showHost(host) {
  const card = rows[rowOf[hosts.bundle[host]]].card, files = filesOf(host);
  const own = card.rows.flatMap((row) => row.nodes.filter((node) => hostOf(node) === host)).sort((a, b) => natural(names[a], names[b]));
  return [
    crumbs(["Graph", "#graph"], ...(card.hosts.length > 1 ? [cardCrumb(card)] : [])),
    h("h2", {}, hosts.name[host]),
    stateOf.has(hosts.bundle[host]) && h("p", {}, stated(hosts.bundle[host])),
    h("p", {}, `A host with ${plural(files.length, "file")}, made from ${plural(own.length, "node")} of its own and from what hosts share.`),
    part("Files", ...many(files.sort((a, b) => natural(a.slot, b.slot)), ({ slot, node }) => [
      h("a", { class: `node ${schemeOf(node)}`, href: link("node", names[node]) }, slot), h("small", {}, kindOf(node)), stated(node),
    ], "file")),
    part("Nodes of its own", ...many(own, (node) => [nodeLink(node), h("small", {}, kindOf(node)), stated(node)], "node")),
  ];
}

function showRow(row) {
  const at = (node) => hostName(node) ?? names[node];
  return [
    crumbs(["Graph", "#graph"], cardCrumb(row.card)),
    h("h2", {}, row.label), h("p", { class: "kind" }, `${row.kind} of ${plural(row.nodes.length, "host")}`),
    row.states.size > 0 && h("p", {}, [...row.states].map(([state, n]) => badge(state, n))),
    part("One for each host", ...many(changedFirst(row.nodes, at), (node) => [
      h("a", { class: `node ${schemeOf(node)}`, href: link("node", names[node]) }, at(node)), stated(node),
    ], "host")),
  ];
}

function showNode(node) {
  const row = rows[rowOf[node]], known = details(), host = hostName(node);
  const steps = [["Graph", "#graph"], cardCrumb(row.card)];
  if (row.nodes.length > 1) steps.push([row.label, link("rows", names[row.nodes[0]])]);
  if (host && row.card.hosts.length > 1) steps.push([host, link("host", host)]);
  const held = [...holders(node)], made = around(inputs, node), used = around(users, node);
  const isBundle = hosts.bundle[hostOf(node)] === node;
  const parameters = known.lists[known.list[node]].map((number) => known.parameters[number]);
  const edge = ({ node, slot }) => [nodeLink(node), h("small", {}, slot), stated(node)];
  return [
    crumbs(...steps),
    h("h2", {}, names[node]),
    h("p", { class: "kind" }, kindOf(node), " ", stated(node)),
    h("p", { class: "output" }, code(known.output[node])),
    held.length > 0 && part("Held by", h("ul", { class: "plain" }, held.map(([path, on]) =>
      h("li", {}, code(path), h("small", {}, on.length > 6 ? `${span(on)} (${plural(on.length, "host")})` : span(on)))))),
    showChangesOf(node),
    showText(node, known),
    parameters.length > 0 && part("Parameters", h("table", { class: "parameters" },
      h("thead", {}, h("tr", {}, ["name", "value, and what decided it"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, parameters.map(([name, value, place]) => h("tr", {},
        h("th", { scope: "row" }, breakable(known.words[name])),
        h("td", {}, known.words[value], place >= 0 && h("small", {}, known.words[place]))))))),
    made.length > 0 && part(isBundle ? "Files" : "Made from", ...many(made, edge, "input")),
    used.length > 0 && part("Goes into", ...many(used, edge, "node")),
    !isGone(node) && part("Ask", h("p", {}, code(`kthw show ${names[node]}`), h("br"), code(`kthw why ${names[node]}`))),
  ];
}

// A name of several words may go on in the next line after any of them.
const breakable = (name) => name.split(/(?<=[./])/).flatMap((word) => [word, h("wbr")]);

function showText(node, known) {
  const text = known.text[node];
  if (text >= 0) return part("Text", h("pre", { tabindex: 0 }, known.texts[text]));
  const asks = schemeOf(node) === "public" && !isGone(node);
  const like = !asks ? undefined : rows[rowOf[node]].nodes.find((other) => known.text[other] >= 0);
  return part("Text", h("p", { class: "withheld" }, known.reasons[-1 - text], " ",
    asks && [code(`kthw show ${names[node]}`), " prints it as the folder is now."],
    like !== undefined && [" That of ", h("a", { href: link("node", names[like]) }, hostName(like)), " is here."]));
}

function showPanel(content) {
  panel.replaceChildren(...content.flat().filter((child) => child));
  panel.scrollTop = 0;
  // The focus stays in the graph; who does not see the panel hears what is in it.
  document.getElementById("status").textContent = panel.querySelector("h2").textContent;
}
