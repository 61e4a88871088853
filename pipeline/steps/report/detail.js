// One photograph: its answers, and what argues for each.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000; // of a picture in a drawing
const GAP = 20;
let open = null;

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Corners x, y, x, y, ... in thousandths as the points of a drawing of that height.
function points(corners, height) {
  const found = [];
  for (let i = 0; i < corners.length; i += 2) found.push(`${corners[i]},${(corners[i + 1] / 1000) * height}`);
  return found.join(" ");
}

function whole(image) {
  const own = content.images[image];
  const height = (WIDTH * own.h) / own.w;
  const drawing = shape("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img",
    "aria-label": `${image}: the photograph, its crop dashed${own.m.length ? ", its mask outlined" : ""}` },
    shape("image", { href: thumbnail(image), width: WIDTH, height, preserveAspectRatio: "none" }),
    shape("polygon", { points: points(own.c, height), class: "crop" }));
  if (own.m.length) drawing.append(shape("polygon", { points: points(own.m, height), class: "mask" }));
  return drawing;
}

// The part of a photograph that holds the animal, in thousandths: x, y, width, height.
function region(image) {
  const own = content.images[image];
  const corners = own.m.length ? own.m : own.c;
  const across = corners.filter((_, i) => i % 2 === 0);
  const down = corners.filter((_, i) => i % 2 === 1);
  const sides = [across, down].map((values) => {
    const low = Math.min(...values), high = Math.max(...values), room = (high - low) * 0.15;
    return [Math.max(0, low - room), Math.min(1000, high + room)];
  });
  return [sides[0][0], sides[1][0], Math.max(1, sides[0][1] - sides[0][0]), Math.max(1, sides[1][1] - sides[1][0])];
}

// A window on the animal at x of a drawing; `place` says where a point of the photograph lies there.
function view(image, x) {
  const own = content.images[image];
  const [left, top, width, height] = region(image);
  const scale = WIDTH / width;
  const down = (own.h / own.w) * scale;
  const tall = height * down;
  const picture = shape("svg", { x, y: 0, width: WIDTH, height: tall, viewBox: `0 0 ${WIDTH} ${tall}` },
    shape("image", { href: thumbnail(image), x: -left * scale, y: -top * down,
      width: 1000 * scale, height: 1000 * down, preserveAspectRatio: "none" }));
  return { picture, tall, place: (px, py) => [x + (px - left) * scale, (py - top) * down] };
}

function matched(answer) {
  if (answer.x === undefined) return "not compared point by point";
  const drawn = (answer.l ?? []).length / 4;
  const many = answer.x === 1 ? "1 matched point" : `${answer.x} matched points`;
  return drawn < answer.x ? `${many}, ${drawn} of them drawn` : many;
}

function pair(query, answer) {
  const views = [view(query.q, 0), view(answer.g, WIDTH + GAP)];
  const height = Math.max(...views.map((one) => one.tall));
  const drawing = shape("svg", { viewBox: `0 0 ${2 * WIDTH + GAP} ${height}`, role: "img",
    "aria-label": `${query.q} beside ${answer.g}, ${matched(answer)}` },
    ...views.map((one) => one.picture));
  const lines = answer.l ?? [];
  for (let i = 0; i < lines.length; i += 4) {
    const [x1, y1] = views[0].place(lines[i], lines[i + 1]);
    const [x2, y2] = views[1].place(lines[i + 2], lines[i + 3]);
    drawing.append(shape("line", { x1, y1, x2, y2 }),
      shape("circle", { cx: x1, cy: y1, r: 7 }), shape("circle", { cx: x2, cy: y2, r: 7 }));
  }
  return drawing;
}

// Why new_whale stands where it does: how much likelier the best known individual is.
function newcomer(query, answer) {
  // the list may have been rearranged after it was weighed (submission.gap, submission.capacity)
  const known = query.a.filter((one) => one.i !== NEW);
  const best = known.reduce((most, one) => (one.p > most.p ? one : most), known[0]);
  if (!best || best.p === 0) return "Nobody known is a candidate.";
  const odds = best.p >= answer.p ? best.p / Math.max(answer.p, 1e-4) : answer.p / best.p;
  const many = odds > 1000 ? "more than 1000" : odds.toFixed(1);
  return best.p >= answer.p
    ? `The best known individual, ${best.i}, is ${many} times as likely as a new one.`
    : `A new individual is ${many} times as likely as the best known one, ${best.i}.`;
}

// Whether copies of a photograph came with labels of several individuals.
function doubtful(image) {
  const own = content.copies.find((group) => group.g.includes(image));
  return own !== undefined && new Set(own.l.filter((label) => label && label !== NEW)).size > 1;
}

// What a `same` does beyond this pair, as `pipeline/steps/labels/corrections.py` has it.
function joins(query, answer) {
  if (isTest(query) || query.t === NEW || query.t === answer.i) return "";
  const settled = (image, name) => ` Then ${image} and its copies, whose labels contradict each other, are ${name}.`;
  if (doubtful(query.q)) return settled(query.q, answer.i);
  return doubtful(answer.g)
    ? settled(answer.g, query.t)
    : ` Then ${query.t} and ${answer.i} are one individual, with all their photographs; or ${query.q} alone is ` +
      `${answer.i}, where you call it different from a photograph of ${query.t}.`;
}

function listed(query, answer, place) {
  const item = element("li", answer.i === query.t ? { class: "truth" } : {},
    element("h3", {}, `${place + 1}. ${answer.i}, ${percent(answer.p)}`));
  if (answer.i === NEW) item.append(element("p", {}, newcomer(query, answer)));
  else if (answer.g) {
    const same = `Do ${query.q} and ${answer.g} show one animal?${joins(query, answer)}`;
    const choices = isTest(query) ? OF_THE_TEST : CHOICES;
    item.append(pair(query, answer), says(answer), ...buttons(same, query.q, answer.g, choices));
  }
  else item.append(element("p", {}, answer.p === 0 ? "No photograph argues for it: it fills up the list."
    : "None of the photographs that were compared is of it: a copy of this one is, or the mean of several."));
  return item;
}

function says(answer) {
  const chances = (answer.s ?? []).map((chance, i) => `${content.sources[i]} ${percent(chance)}`);
  const lines = [answer.g, matched(answer), ...chances];
  return element("ul", { class: "says", "aria-label": "what each score says that both are one animal" },
    ...lines.map((line) => element("li", {}, line)));
}

function moved(query) {
  if (!query.b) return "This ensemble asks no re-ranking.";
  const [first, second] = query.b;
  const changes = second.map((name, i) => [name, first.indexOf(name), i])
    .filter(([, from, to]) => from !== to)
    .map(([name, from, to]) => `${name} from ${from < 0 ? "behind" : from + 1} to ${to + 1}`);
  return changes.length ? `Re-ranking moved ${changes.join(", ")}.` : "Re-ranking left the order as it was.";
}

function told(query) {
  if (isTest(query)) return "A photograph of the test: its individual is not known here.";
  const many = `${query.n} photograph${query.n === 1 ? "" : "s"}`;
  const truth = query.t === NEW ? "In truth a new individual" : `In truth ${query.t}, ${many} in the gallery`;
  return `${truth}; held out with fold ${query.f}.`;
}

function opened(query) {
  open = query;
  at("title").textContent = query.q;
  at("told").textContent = told(query);
  at("asked").replaceChildren(whole(query.q),
    ...(isTest(query) ? [] : buttons(`Is ${query.q} a new individual?`, query.q, "", { new: "new individual" })));
  at("answers").replaceChildren(...query.a.map((answer, place) => listed(query, answer, place)));
  at("moved").textContent = moved(query);
  const number = chosen.indexOf(query);
  at("back").disabled = number <= 0;
  at("next").disabled = number < 0 || number === chosen.length - 1;
  if (!at("detail").open) at("detail").showModal();
  at("detail").scrollTop = 0;
  at("title").focus();
}

function stepped(by) {
  const number = chosen.indexOf(open);
  if (number >= 0 && chosen[number + by]) opened(chosen[number + by]);
}

function closed() {
  const number = chosen.indexOf(open);
  if (number >= 0 && Math.floor(number / PAGE) !== page) {
    page = Math.floor(number / PAGE);
    drawn();
  }
  at("grid").children[number % PAGE]?.firstChild.focus();
  open = null;
}

at("back").addEventListener("click", () => stepped(-1));
at("next").addEventListener("click", () => stepped(1));
at("close").addEventListener("click", () => at("detail").close());
at("detail").addEventListener("close", closed);
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select")) return;
  if (event.key === "/" && !at("detail").open) {
    event.preventDefault();
    at("find").focus();
  }
  if (at("detail").open && event.key === "ArrowLeft") stepped(-1);
  if (at("detail").open && event.key === "ArrowRight") stepped(1);
});
