// The map of the embedding, what it looks at, the worst masks, and the copies of one photograph.

const MARKS = { "": 4, copy: 7, conflict: 7 };

function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

const spotNamed = ([, , image, identity, mark]) =>
  `${image}, ${identity || "no label"}${mark ? `, ${mark}` : ""}`;

// `there`: all photographs at its place, which lie one over the other: copies do.
function spot([x, y, image, identity, mark], byName, there) {
  const colour = identity && identity !== NEW ? `hsl(${hue(identity)} 70% 50%)` : "#888888";
  const made = shape("circle", { cx: x, cy: 1000 - y, r: MARKS[mark], fill: colour, class: `spot ${mark}` },
    shape("title", {}, there.map(spotNamed).join("\n")));
  if (byName.has(image)) {
    made.classList.add("asked");
    made.addEventListener("click", () => opened(byName.get(image)));
  }
  return made;
}

function mapped() {
  const byName = new Map(content.queries.map((query) => [query.q, query]));
  const counted = (mark) => content.map.p.filter((point) => point[4] === mark).length;
  at("map-told").textContent = `${outOf(content.map.p.length, content.of.map)} photographs as ${content.map.m} sees them (t-SNE): ` +
    "near means alike, far means nothing. A colour is an individual, grey a new one or one without a label. " +
    `${counted("copy")} are copies (ringed), ${counted("conflict")} are copies under different labels (dashed). ` +
    "Point at one for its name, click it for its answers.";
  const place = ([x, y]) => `${x} ${y}`;
  const places = new Map(content.map.p.map((point) => [place(point), []]));
  for (const point of content.map.p) places.get(place(point)).push(point);
  at("map").replaceChildren(shape("svg", { viewBox: "-10 -10 1020 1020", role: "img", "aria-labelledby": "map-told" },
    ...content.map.p.map((point) => spot(point, byName, places.get(place(point))))));
}

function looked({ q, g, h }) {
  return element("li", {}, element("figure", {},
    element("img", { src: `data:image/webp;base64,${h}`, alt: "", loading: "lazy" }),
    element("figcaption", {}, `${q}, like ${g}`)));
}

function masksTold({ n, m, b, source, p }) {
  if (n === 0) return "No mask was held out from a U-Net.";
  const whose = source === "grabcut" ? "masks by GrabCut, for want of given ones," : "given masks";
  return `${n} ${whose} were kept from the U-Net that finds the others. Its masks overlap them by ` +
    `${percent(m)} (intersection over union), the boxes around both by ${percent(b)}. The ${p.length} worst: ` +
    "what it found in green, what was held out in magenta.";
}

function masked({ q, m, b, h }) {
  const told = `${q}: mask ${percent(m)}, box ${percent(b)}`;
  return element("li", {}, element("figure", {},
    element("img", { src: `data:image/webp;base64,${h}`, alt: "", loading: "lazy" }),
    element("figcaption", {}, told)));
}

// One copy: its photograph, the label that it came with and what became of it.
function copied(image, came, kept) {
  const told = !came ? "no label" : kept === came ? came : kept ? `${came}, now ${kept}` : `${came}, dropped`;
  return element("figure", {}, element("img", { src: thumbnail(image), alt: "", loading: "lazy" }),
    element("figcaption", {}, `${image}: ${told}`));
}

function grouped(group) {
  const title = group.c ? "Copies under different labels" : "Copies";
  return element("li", { class: group.c ? "group conflict" : "group" }, element("h3", {}, title),
    element("div", { class: "pair" }, ...group.g.map((image, i) => copied(image, group.l[i], group.d[i]))),
    ...group.g.slice(1).flatMap((image) =>
      buttons(`Are ${group.g[0]} and ${image} copies of one photograph?`, group.g[0], image, OF_COPIES)));
}

// Drawn again when the review has answered: then with buttons.
function copiesListed() {
  at("copies").replaceChildren(...content.copies.map(grouped));
}

mapped();
at("looks").append(...content.looks.map(looked));
at("masks-told").textContent = masksTold(content.masks);
at("masks").append(...content.masks.p.map(masked));
if (content.copies.length < content.of.copies) {
  at("copies").before(element("p", {}, `${outOf(content.copies.length, content.of.copies)} groups.`));
}
