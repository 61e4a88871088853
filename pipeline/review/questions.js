// One question at a time: two photographs, and keys for the answer.

const SVG = "http://www.w3.org/2000/svg";
const KEYS = { s: "same", d: "different", u: "unsure", n: "new", z: "undo" };
const TOOLS = { p: "points", "+": "in", "=": "in", "-": "out", 0: "animal", w: "whole" };
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HOLDS = { // if another reviewer gave a different answer
  neither: "Another reviewer gave a different answer. Neither counts until the pair is decided again.",
  earlier: "Another reviewer gave a different answer, which later answers rest on, so it still counts. Yours is kept, too.",
};
const STEP = 1.4; // of the zoom
const CLOSEST = 30; // pixels of the photograph across the picture
const figures = [...document.querySelectorAll("#pair figure")];
const drawings = figures.map((figure) => figure.querySelector("svg"));
let state = { question: null, last: null };
let views = []; // of each photograph: x, y, width, height in its pixels
let hasPoints = true;
let isBusy = false;

function createShape(name, attributes, ...children) {
  const shape = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
  shape.append(...children);
  return shape;
}

function progressText() {
  const { answered, left, worth } = state;
  if (left === 0) return `${answered} answered, no questions are left`;
  if (worth === null) return `${answered} answered, ${left} left`;
  if (worth === 0) return `${answered} answered; those left (${left}) would change little`;
  return `${answered} answered, about ${worth} more ${worth === 1 ? "is" : "are"} worth answering`;
}

function waitingText() {
  if (!state.waiting) return "";
  return ` ${plural(state.waiting, "pair")} should be compared by a second reviewer, too: by another name, above.`;
}

function nameText({ name, count }) {
  if (name === "") return "without a name";
  return name === "new_whale" ? "new" : `${name}, ${plural(count, "photograph")}`;
}

function factsText(question) {
  const given = Object.entries(question.given).map(([who, decision]) => `${who}: ${decision}`).join("; ");
  const points = question.points.length / 4;
  return [
    question.reason && question.reason[0].toUpperCase() + question.reason.slice(1) + (given && ` (${given})`),
    question.probability === null ? "" : `probability ${percent(question.probability)}`,
    question.gain === null ? "" : `expected gain ${question.gain.toFixed(1)} photographs`,
    points ? plural(points, "matched point") : "no matched points",
  ].filter(Boolean).join(" · ");
}

function show(next) {
  state = next;
  const { question } = state;
  byId("progress").textContent = progressText();
  byId("summary").textContent = state.summary;
  byId("who").textContent = `You are ${state.reviewer}`;
  byId("pair").hidden = question === null;
  byId("facts").textContent = question ? factsText(question) : state.left
    ? "The questions that are left are on other reviewers' screens. Come back in five minutes."
    : `Nothing is left to ask. Thank you.${waitingText()}`;
  for (const button of document.querySelectorAll("#answers button")) {
    const isOn = button.value === "undo" ? state.last : question && (button.value !== "new" || state.takesNew);
    button.setAttribute("aria-disabled", String(!isOn));
  }
  showAgreement();
  if (question) {
    question.photographs.forEach(showPhotograph);
    setView("animal");
  }
  if (!state.isKnown && !byId("naming").open) askName();
}

function showPhotograph(photograph, number) {
  const { image, width, height } = photograph;
  const picture = createShape("image", { href: `photograph?image=${encodeURIComponent(image)}`, width, height });
  picture.addEventListener("error", () => say(`${image} can't be read.`));
  drawings[number].replaceChildren(picture, createShape("g", { class: "spots" }));
  drawings[number].setAttribute("aria-label", `${number ? "second" : "first"} photograph: ${image}`);
  figures[number].querySelector("figcaption").replaceChildren(
    createElement("b", {}, nameText(photograph)), " ", image);
}

const regionOf = ({ region: [x, y, width, height] }) => ({ x, y, width, height });
const wholeOf = ({ width, height }) => ({ x: 0, y: 0, width, height });

function setView(name) {
  const region = name === "animal" ? regionOf : wholeOf;
  views = state.question.photographs.map(region);
  views.forEach((_, number) => draw(number));
}

// Zoom by a factor; the point at (x, y), in fractions of the view, stays where it is.
function zoom(number, factor, x = 0.5, y = 0.5) {
  const view = views[number], { width, height } = state.question.photographs[number];
  const longest = 2 * Math.max(width, height);
  const least = Math.min(CLOSEST, width / 2) / view.width;
  const limited = Math.min(Math.max(factor, least), longest / Math.max(view.width, view.height));
  views[number] = { x: view.x + x * view.width * (1 - limited), y: view.y + y * view.height * (1 - limited),
    width: view.width * limited, height: view.height * limited };
  draw(number);
}

function move(number, dx, dy) {
  const view = views[number], { width, height } = state.question.photographs[number];
  const within = (value, size, whole) => Math.min(Math.max(value, -size / 2), whole - size / 2);
  view.x = within(view.x + dx, view.width, width);
  view.y = within(view.y + dy, view.height, height);
  draw(number);
}

// Pixels of the photograph for one pixel of the screen.
const scaleOf = (number) => Math.max(views[number].width / (drawings[number].clientWidth || 1),
  views[number].height / (drawings[number].clientHeight || 1));

function draw(number) {
  const { x, y, width, height } = views[number];
  drawings[number].setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  const spots = drawings[number].querySelector(".spots");
  spots.replaceChildren(...(hasPoints ? drawPoints(number) : []));
}

// Numbered circles, equally large at every zoom.
function drawPoints(number) {
  const { photographs, points } = state.question, unit = scaleOf(number);
  const { width, height } = photographs[number];
  const shapes = [];
  for (let i = 0; i < points.length; i += 4) {
    const cx = (points[i + 2 * number] / 1000) * width, cy = (points[i + 2 * number + 1] / 1000) * height;
    const ring = (r, stroke) => createShape("circle", { cx, cy, r: r * unit, "stroke-width": stroke * unit });
    const label = createShape("text", { x: cx, y: cy - 9 * unit, "font-size": 12 * unit, "stroke-width": 3 * unit },
      String(i / 4 + 1));
    const hue = (i / 4) * 47;
    const spot = createShape("g", { class: "spot" }, ring(6, 4), ring(6, 2), label);
    spot.children[1].style.stroke = `hsl(${hue} 100% 55%)`;
    spot.children[0].style.stroke = "#000000";
    shapes.push(spot);
  }
  return shapes;
}

async function load() {
  const response = await request("questions/next");
  if (response.ok) show(await response.json());
  else say(`There are no questions: ${await response.text()}`);
}

async function answer(decision) {
  const pair = decision === "undo" ? state.last : state.question && {
    image_a: state.question.photographs[0].image, image_b: state.question.photographs[1].image };
  if (isBusy || !pair) return;
  isBusy = true;
  say("");
  const response = await request("questions", { image_a: pair.image_a, image_b: pair.image_b, decision });
  isBusy = false;
  if (!response.ok) return say(`Not saved: ${await response.text()}`);
  const next = await response.json();
  show(next);
  if (next.holds) say(HOLDS[next.holds]);
}

function use(tool) {
  if (!state.question) return;
  if (tool === "animal" || tool === "whole") return setView(tool);
  if (tool === "points") hasPoints = !hasPoints;
  document.querySelector("#tools [value=points]").setAttribute("aria-pressed", String(hasPoints));
  for (const number of [0, 1]) tool === "points" ? draw(number) : zoom(number, tool === "in" ? 1 / STEP : STEP);
}

function showAgreement() {
  const heads = ["Reviewers", "Both answered", "Agreed", "Cohen's kappa"];
  const rows = state.agreement.map((row) => [`${row.first}, ${row.second}`, row.pairs, row.agreed,
    row.kappa === null ? "not defined" : row.kappa.toFixed(2)]);
  const line = (cells, name) => createElement("tr", {}, ...cells.map((cell) => createElement(name, {}, String(cell))));
  byId("agreement").replaceChildren(rows.length
    ? createElement("table", {}, line(heads, "th"), ...rows.map((cells) => line(cells, "td")))
    : "No two reviewers have answered the same question.");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("naming").open) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key in KEYS) {
    if (!event.repeat) answer(KEYS[key]); // a key that is held down answers once
  } else if (key in TOOLS) use(TOOLS[key]);
  else if (key in MOVES && state.question) {
    for (const number of [0, 1]) {
      const [x, y] = MOVES[key];
      move(number, x * views[number].width * 0.1, y * views[number].height * 0.1);
    }
  } else return;
  event.preventDefault();
}

// Dragging moves one photograph; two fingers zoom it.
function listen(number) {
  const drawing = drawings[number], pointers = new Map();
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y) || 1;
  };
  drawing.addEventListener("wheel", (event) => {
    event.preventDefault();
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    const view = views[number];
    zoom(number, STEP ** Math.sign(event.deltaY), (point.x - view.x) / view.width, (point.y - view.y) / view.height);
  }, { passive: false });
  drawing.addEventListener("pointerdown", (event) => {
    drawing.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  drawing.addEventListener("pointermove", (event) => {
    const past = pointers.get(event.pointerId);
    if (!past) return;
    const before = pointers.size === 2 ? spread() : 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size === 2) zoom(number, before / spread());
    else move(number, (past.x - event.clientX) * scaleOf(number), (past.y - event.clientY) * scaleOf(number));
  });
  for (const end of ["pointerup", "pointercancel"]) drawing.addEventListener(end, (event) => pointers.delete(event.pointerId));
}

drawings.forEach((_, number) => listen(number));
byId("answers").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) answer(button.value);
});
byId("tools").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) use(button.value);
});
document.addEventListener("keydown", onKey);
addEventListener("resize", () => state.question && views.forEach((_, number) => draw(number)));
load();
