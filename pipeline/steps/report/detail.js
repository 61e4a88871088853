// One photograph: its answers, and the best match of each.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000; // of one photograph, in the units of its drawing
const GAP = 20; // between two photographs
let current = null; // the query that is open

function createShape(name, attributes, ...children) {
  const shape = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
  shape.append(...children);
  return shape;
}

// Corners x, y, x, y, ... in thousandths as the points of a drawing of that height.
function scaleCorners(corners, height) {
  const points = [];
  for (let i = 0; i < corners.length; i += 2) points.push(`${corners[i]},${(corners[i + 1] / 1000) * height}`);
  return points.join(" ");
}

// The whole photograph with its crop and its mask.
function drawPhotograph(image) {
  const entry = content.images[image];
  const height = (WIDTH * entry.h) / entry.w;
  const drawing = createShape("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img",
    "aria-label": `${image}: the photograph, its crop dashed${entry.m.length ? ", its mask outlined" : ""}` },
    createShape("image", { href: thumbnail(image), width: WIDTH, height, preserveAspectRatio: "none" }),
    createShape("polygon", { points: scaleCorners(entry.c, height), class: "crop" }));
  if (entry.m.length) drawing.append(createShape("polygon", { points: scaleCorners(entry.m, height), class: "mask" }));
  return drawing;
}

// The part of a photograph that holds the animal, in thousandths: x, y, width, height.
function animalRegion(image) {
  const entry = content.images[image];
  const corners = entry.m.length ? entry.m : entry.c;
  const xs = corners.filter((_, i) => i % 2 === 0);
  const ys = corners.filter((_, i) => i % 2 === 1);
  const [[left, right], [top, bottom]] = [xs, ys].map((values) => {
    const low = Math.min(...values), high = Math.max(...values), padding = (high - low) * 0.15;
    return [Math.max(0, low - padding), Math.min(1000, high + padding)];
  });
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
}

// The animal at x of a drawing; `place` maps a point of the photograph (thousandths) to the drawing.
function drawAnimal(image, x) {
  const entry = content.images[image];
  const [left, top, width, height] = animalRegion(image);
  const scaleX = WIDTH / width;
  const scaleY = (entry.h / entry.w) * scaleX;
  const tall = height * scaleY;
  const picture = createShape("svg", { x, y: 0, width: WIDTH, height: tall, viewBox: `0 0 ${WIDTH} ${tall}` },
    createShape("image", { href: thumbnail(image), x: -left * scaleX, y: -top * scaleY,
      width: 1000 * scaleX, height: 1000 * scaleY, preserveAspectRatio: "none" }));
  return { picture, tall, place: (px, py) => [x + (px - left) * scaleX, (py - top) * scaleY] };
}

function matchText(answer) {
  if (answer.x === undefined) return "keypoints not compared";
  const lines = (answer.l ?? []).length / 4;
  const count = answer.x === 1 ? "1 matched point" : `${answer.x} matched points`;
  return lines < answer.x ? `${count}, ${lines} of them drawn` : count;
}

// The query beside the best match of an answer, with lines between their matched points.
function drawPair(query, answer) {
  const views = [drawAnimal(query.q, 0), drawAnimal(answer.g, WIDTH + GAP)];
  const height = Math.max(...views.map((view) => view.tall));
  const drawing = createShape("svg", { viewBox: `0 0 ${2 * WIDTH + GAP} ${height}`, role: "img",
    "aria-label": `${query.q} beside ${answer.g}, ${matchText(answer)}` },
    ...views.map((view) => view.picture));
  const lines = answer.l ?? [];
  for (let i = 0; i < lines.length; i += 4) {
    const [x1, y1] = views[0].place(lines[i], lines[i + 1]);
    const [x2, y2] = views[1].place(lines[i + 2], lines[i + 3]);
    drawing.append(createShape("line", { x1, y1, x2, y2 }),
      createShape("circle", { cx: x1, cy: y1, r: 7 }), createShape("circle", { cx: x2, cy: y2, r: 7 }));
  }
  return drawing;
}

// The odds of new_whale against the most probable known individual.
function newText(query, answer) {
  // not the first one: submission.gap and submission.capacity may have changed the order
  const known = query.a.filter((other) => other.i !== NEW);
  const best = known.reduce((most, other) => (other.p > most.p ? other : most), known[0]);
  if (!best || best.p === 0) return "No known individual is a candidate.";
  const odds = best.p >= answer.p ? best.p / Math.max(answer.p, 1e-4) : answer.p / best.p;
  const times = odds > 1000 ? "more than 1000" : odds.toFixed(1);
  return best.p >= answer.p
    ? `The best known individual, ${best.i}, is ${times} times as likely as a new one.`
    : `A new individual is ${times} times as likely as the best known one, ${best.i}.`;
}

// Whether the duplicates of a photograph came with labels of several individuals.
function hasConflict(image) {
  const group = content.duplicates.find((entry) => entry.g.includes(image));
  return group !== undefined && new Set(group.l.filter((label) => label && label !== NEW)).size > 1;
}

// What the decision `same` changes beyond this pair, by the rules of `pipeline/steps/labels/corrections.py`.
function consequenceText(query, answer) {
  if (isTest(query) || query.t === NEW || query.t === answer.i) return "";
  const relabel = (image, name) => ` If so, ${image} and its duplicates, whose labels conflict, become ${name}.`;
  if (hasConflict(query.q)) return relabel(query.q, answer.i);
  return hasConflict(answer.g)
    ? relabel(answer.g, query.t)
    : ` If so, ${query.t} and ${answer.i} become one individual, with all their photographs. To make only ${query.q} ` +
      `${answer.i}, also mark it as different from a photograph of ${query.t}.`;
}

// Which unknown individual a test photograph shows, and the others that show it.
function drawUnknown(query) {
  if (!query.u) return [];
  const mates = matesOf(query);
  const heading = unknownText(query)[0].toUpperCase() + unknownText(query).slice(1);
  const text = mates.length ? `${heading}: also on` : `${heading}: on no other photograph that is called new.`;
  return [createElement("p", {}, text), ...(mates.length ? [createElement("ul", { class: "mates" }, ...mates.map(createMate))] : []),
    ...(hasServer ? [createElement("a", { href: `unknown#${encodeURIComponent(query.q)}` }, "Name this animal")] : [])];
}

function createMate(image) {
  const query = content.queries.find((other) => other.q === image);
  if (!query) return createElement("li", {}, image); // not among the photographs of the report
  const button = createElement("button", { type: "button" },
    createElement("img", { src: thumbnail(image), alt: "", loading: "lazy" }), image);
  button.addEventListener("click", () => openQuery(query));
  return createElement("li", {}, button);
}

function createAnswer(query, answer, place) {
  const item = createElement("li", answer.i === query.t ? { class: "truth" } : {},
    createElement("h3", {}, `${place + 1}. ${answer.i}, ${percent(answer.p)}`));
  if (answer.i === NEW) item.append(createElement("p", {}, newText(query, answer)), ...drawUnknown(query));
  else if (answer.g) {
    const question = `Do ${query.q} and ${answer.g} show the same animal?${consequenceText(query, answer)}`;
    const choices = isTest(query) ? TEST_CHOICES : CHOICES;
    item.append(drawPair(query, answer), listScores(answer), ...createButtons(question, query.q, answer.g, choices));
  }
  else item.append(createElement("p", {}, answer.p === 0 ? "No evidence: this label only completes the list of five."
    : "No photograph of it was compared: the answer comes from a duplicate of this one, or from the mean of several."));
  return item;
}

function listScores(answer) {
  const probabilities = (answer.s ?? []).map((value, i) => `${content.sources[i]} ${percent(value)}`);
  const lines = [answer.g, matchText(answer), ...probabilities];
  return createElement("ul", { class: "scores", "aria-label": "the best match, and the probability by each source" },
    ...lines.map((line) => createElement("li", {}, line)));
}

function rerankText(query) {
  if (!query.b) return "This ensemble does not use re-ranking.";
  const [before, after] = query.b;
  const changes = after.map((name, i) => [name, before.indexOf(name), i])
    .filter(([, from, to]) => from !== to)
    .map(([name, from, to]) => `${name} from ${from < 0 ? `below ${before.length}` : from + 1} to ${to + 1}`);
  return changes.length ? `Re-ranking moved ${changes.join(", ")}.` : "Re-ranking did not change the order.";
}

function truthText(query) {
  if (isTest(query)) return "A test photograph: its true individual is not known here.";
  const count = `${query.n} photograph${query.n === 1 ? "" : "s"}`;
  const truth = query.t === NEW ? "a new individual" : `${query.t}, ${count} in the gallery`;
  return `Truth: ${truth}; held out with fold ${query.f}.`;
}

function openQuery(query) {
  current = query;
  byId("title").textContent = query.q;
  byId("truth").textContent = truthText(query);
  byId("query").replaceChildren(drawPhotograph(query.q), ...(isTest(query) ? []
    : createButtons(`Is ${query.q} a new individual?`, query.q, "", { new: "new individual" })));
  byId("answers").replaceChildren(...query.a.map((answer, place) => createAnswer(query, answer, place)));
  byId("rank-changes").textContent = rerankText(query);
  const number = selected.indexOf(query);
  byId("back").disabled = number <= 0;
  byId("next").disabled = number < 0 || number === selected.length - 1;
  if (!byId("detail").open) byId("detail").showModal();
  byId("detail").scrollTop = 0;
  byId("title").focus();
}

function step(by) {
  const number = selected.indexOf(current);
  if (number >= 0 && selected[number + by]) openQuery(selected[number + by]);
}

// Back in the grid, the focus is on the photograph that was open last.
function returnToGrid() {
  const number = selected.indexOf(current);
  if (number >= 0 && Math.floor(number / PAGE_SIZE) !== page) {
    page = Math.floor(number / PAGE_SIZE);
    drawGrid();
  }
  byId("grid").children[number % PAGE_SIZE]?.firstChild.focus();
  current = null;
}

byId("back").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("close").addEventListener("click", () => byId("detail").close());
byId("detail").addEventListener("close", returnToGrid);
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select")) return;
  if (event.key === "/" && !byId("detail").open) {
    event.preventDefault();
    byId("find").focus();
  }
  if (byId("detail").open && event.key === "ArrowLeft") step(-1);
  if (byId("detail").open && event.key === "ArrowRight") step(1);
});
