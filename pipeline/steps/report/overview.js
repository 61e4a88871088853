// The map of the embeddings, the attention maps, the worst masks, and the duplicates.

const RADII = { "": 4, duplicate: 7, conflict: 7 };

function hashHue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

const spotText = ([, , image, identity, mark]) =>
  `${image}, ${identity || "no label"}${mark ? `, ${mark}` : ""}`;

// `stack`: all photographs at this position; duplicates lie on top of each other.
function createSpot([x, y, image, identity, mark], queries, stack) {
  const colour = identity && identity !== NEW ? `hsl(${hashHue(identity)} 70% 50%)` : "#888888";
  const spot = createShape("circle", { cx: x, cy: 1000 - y, r: RADII[mark], fill: colour, class: `spot ${mark}` },
    createShape("title", {}, stack.map(spotText).join("\n")));
  if (queries.has(image)) {
    spot.classList.add("opens");
    spot.addEventListener("click", () => openQuery(queries.get(image)));
  }
  return spot;
}

function drawMap() {
  const queries = new Map(content.queries.map((query) => [query.q, query]));
  const count = (mark) => content.map.p.filter((point) => point[4] === mark).length;
  byId("map-text").textContent = `${countOf(content.map.p.length, content.total.map)} photographs as ${content.map.m} ` +
    "embeds them (t-SNE): close points are similar, larger distances mean nothing. Each individual has a " +
    "colour; new and unlabelled ones are grey. " +
    `${count("duplicate")} are duplicates (ringed), ${count("conflict")} are duplicates with conflicting labels (dashed). ` +
    "Hover over a point for its name, click it for its answers.";
  const key = ([x, y]) => `${x} ${y}`;
  const stacks = new Map(content.map.p.map((point) => [key(point), []]));
  for (const point of content.map.p) stacks.get(key(point)).push(point);
  byId("map").replaceChildren(createShape("svg", { viewBox: "-10 -10 1020 1020", role: "img", "aria-labelledby": "map-text" },
    ...content.map.p.map((point) => createSpot(point, queries, stacks.get(key(point))))));
}

function createPicture(webp, caption) {
  return createElement("li", {}, createElement("figure", {},
    createElement("img", { src: `data:image/webp;base64,${webp}`, alt: "", loading: "lazy" }),
    createElement("figcaption", {}, caption)));
}

function masksText({ n, m, b, source, p }) {
  if (n === 0) return "No mask was held out from the training of a U-Net.";
  const whose = source === "grabcut" ? "masks by GrabCut (none were given)" : "given masks";
  return `${n} ${whose} were held out from the training of the U-Net. Its masks overlap them by ` +
    `${percent(m)} (mean intersection over union), the boxes around both by ${percent(b)}. The ${p.length} worst: ` +
    "the predicted mask in green, the held-out one in magenta.";
}

// One file of a group: the label that it came with, and its label now.
function createDuplicate(image, original, current) {
  const text = !original ? "no label" : current === original ? original
    : current ? `${original}, now ${current}` : `${original}, dropped`;
  return createElement("figure", {}, createElement("img", { src: thumbnail(image), alt: "", loading: "lazy" }),
    createElement("figcaption", {}, `${image}: ${text}`));
}

function createGroup(group) {
  const title = group.c ? "Duplicates with conflicting labels" : "Duplicates";
  return createElement("li", { class: group.c ? "group conflict" : "group" }, createElement("h3", {}, title),
    createElement("div", { class: "pair" }, ...group.g.map((image, i) => createDuplicate(image, group.l[i], group.d[i]))),
    ...group.g.slice(1).flatMap((image) =>
      createButtons(`Are ${group.g[0]} and ${image} the same photograph?`, group.g[0], image, DUPLICATE_CHOICES)));
}

// Called again when the review server answers: then with buttons.
function drawDuplicates() {
  byId("duplicates").replaceChildren(...content.duplicates.map(createGroup));
}

drawMap();
byId("attention").append(...content.attention.map(({ q, g, h }) => createPicture(h, `${q}, similar to ${g}`)));
byId("masks-text").textContent = masksText(content.masks);
byId("masks").append(...content.masks.p.map(({ q, m, b, h }) =>
  createPicture(h, `${q}: mask ${percent(m)}, box ${percent(b)}`)));
if (content.duplicates.length < content.total.duplicates) {
  byId("duplicates").before(createElement("p", {}, `${countOf(content.duplicates.length, content.total.duplicates)} groups.`));
}
