// Groups of photographs called new: named, joined and taken apart.

let state = { groups: [], names: [], last: "" };
let marked = null; // a photograph of the group that is to be joined with another one
let shown = null; // the photograph that is shown large
let isBusy = false;
const cards = new Map(); // by photograph, so that no picture is loaded twice

const severalOf = (groups) => groups.filter((group) => group.photographs.length > 1);
const aloneOf = (groups) => groups.filter((group) => group.photographs.length === 1);
const imagesOf = (group) => group.photographs.map(({ image }) => image);
const groupOf = (image) => state.groups.find((group) => imagesOf(group).includes(image));
const sectionOf = (element) => element?.closest(".group");
const cardsIn = (section) => [...section.querySelectorAll(".photograph")];
const sections = () => [...document.querySelectorAll(".group")].filter((section) => section.checkVisibility());

function titleText(group) {
  return group.name ? `${group.name} (unknown individual ${group.number})` : `Unknown individual ${group.number}`;
}

function sureText({ photographs, probability }) {
  const count = plural(photographs.length, "photograph");
  if (probability === null) return count;
  return photographs.length === 2 ? `${count}, one animal with ${percent(probability)}`
    : `${count}, any two of them one animal with ${percent(probability)} on average`;
}

// A photograph of a group, with how sure it is that it belongs there.
function drawCard({ image, probability, name }, group) {
  if (!cards.has(image)) {
    const picture = createElement("img", { alt: "", loading: "lazy", src: `animal?image=${encodeURIComponent(image)}` });
    picture.addEventListener("error", () => say(`${image} can't be read.`));
    const card = createElement("button", { type: "button", class: "photograph", "data-image": image }, picture,
      createElement("span", {}, image), createElement("span", { class: "sure" }));
    card.addEventListener("click", () => showLarge(image));
    cards.set(image, card);
  }
  const card = cards.get(image);
  const other = name && name !== group.name ? `${name}, ` : !name && group.name ? "not named yet, " : "";
  card.querySelector(".sure").textContent = other + (probability === null ? "alone" : percent(probability));
  return createElement("li", {}, card);
}

function drawGroup(group) {
  const count = group.photographs.length;
  const input = createElement("input", { list: "names", autocomplete: "off", value: group.name, enterkeyhint: "done" });
  const form = createElement("form", {},
    createElement("label", {}, "Name ", input),
    createElement("button", {}, count > 1 ? `Name these ${count}` : "Name this one"),
    createElement("button", { type: "button", class: "join" }, "Join ", createElement("kbd", {}, "m")));
  const section = createElement("section", { class: "group", "data-image": group.photographs[0].image },
    createElement("h2", {}, titleText(group), " ", createElement("small", {}, sureText(group))),
    createElement("ul", { class: "photographs" }, ...group.photographs.map((one) => drawCard(one, group))), form);
  section.setAttribute("aria-label", titleText(group));
  form.addEventListener("submit", (event) => giveName(event, group, input));
  form.querySelector(".join").addEventListener("click", () => join(group));
  input.addEventListener("input", () => ask(section, ""));
  input.addEventListener("keydown", (event) => event.key === "Escape" && leaveName(section, input, group));
  return section;
}

// Redraw; what had the focus has it again, if it is still there.
function show(next) {
  const active = document.activeElement, section = sectionOf(active);
  const focused = active?.dataset?.image ?? section?.dataset.image;
  state = next;
  const several = severalOf(state.groups), alone = aloneOf(state.groups);
  const named = state.groups.filter((group) => group.name).length;
  byId("progress").textContent = `${plural(several.length, "group")} of two photographs or more, ${alone.length} alone, ` +
    `${named} named`;
  byId("who").textContent = `You are ${state.reviewer}`;
  byId("quality").textContent = state.quality;
  byId("names").replaceChildren(...state.names.map((name) => createElement("option", { value: name })));
  byId("groups").replaceChildren(...several.map(drawGroup));
  byId("alone").hidden = alone.length === 0;
  byId("alone").querySelector("summary").textContent = `${plural(alone.length, "photograph")} alone`;
  drawSingles();
  byId("undo").setAttribute("aria-disabled", String(!state.last));
  byId("last").textContent = state.last && `Last: ${state.last}`;
  mark(marked && groupOf(marked) ? marked : null);
  if (focused) focusOn(focused);
  if (!state.isKnown && !byId("naming").open) askName();
}

// Photographs that are alone may be many: drawn only where they are looked at.
function drawSingles() {
  byId("singles").replaceChildren(...(byId("alone").open ? aloneOf(state.groups).map(drawGroup) : []));
}

function focusOn(image) {
  const group = groupOf(image);
  if (!group) return false;
  if (group.photographs.length === 1 && !byId("alone").open) {
    byId("alone").open = true;
    drawSingles();
  }
  cards.get(image).focus();
  sectionOf(cards.get(image)).scrollIntoView({ block: "nearest" });
  return true;
}

async function load() {
  const response = await request("unknown/groups");
  if (!response.ok) return say(`There are no groups: ${await response.text()}`);
  show(await response.json());
  if (state.groups.length === 0) say("No test photograph is called new.");
  focusOn(decodeURIComponent(location.hash.slice(1)));
}

// Ask the server for a change. The answer, or null if it was refused.
async function change(body) {
  if (isBusy) return null;
  isBusy = true;
  say("");
  const response = await request("unknown", body);
  isBusy = false;
  if (!response.ok) {
    say(`Not saved: ${await response.text()}`);
    return null;
  }
  return response.json();
}

async function giveName(event, group, input) {
  event.preventDefault();
  const section = sectionOf(input), name = input.value.trim();
  const isSure = section.dataset.asked === name;
  const next = await change({ action: "name", images: imagesOf(group), name, isSure });
  if (!next) return;
  if (next.question) return ask(section, next.question, name);
  const then = following(group);
  show(next);
  focusOn(then);
}

// The first photograph of the group after this one, or of this one if it is the last.
function following(group) {
  const shown = sections().map((section) => section.dataset.image);
  const [first] = imagesOf(group);
  return shown[shown.indexOf(first) + 1] ?? first;
}

// A question before a name is given: the same name again says yes.
function ask(section, question, name = "") {
  section.querySelector(".question")?.remove();
  delete section.dataset.asked;
  if (!question) return;
  section.dataset.asked = name;
  section.querySelector("form").prepend(createElement("p", { class: "question", role: "alert" },
    `${question} Press Enter again for yes, or change the name.`));
  section.querySelector("input").focus();
}

function leaveName(section, input, group) {
  input.value = group.name;
  ask(section, "");
  cardsIn(section)[0].focus();
}

function mark(image) {
  marked = image;
  for (const section of document.querySelectorAll(".group")) {
    section.classList.toggle("marked", marked !== null && groupOf(section.dataset.image) === groupOf(marked));
  }
}

async function join(group) {
  const [image] = imagesOf(group);
  if (marked === null) {
    mark(image);
    return say(`${titleText(group)} is chosen: choose the group to join it with, or Escape.`);
  }
  const first = marked;
  mark(null);
  if (groupOf(first) === group) return say("");
  const next = await change({ action: "join", images: [first, image] });
  if (!next) return;
  show(next);
  focusOn(image);
}

async function separate(image) {
  const group = groupOf(image);
  if (group.photographs.length === 1) return say(`${image} is alone.`);
  const rest = group.photographs.length > 2 ? imagesOf(group).find((other) => other !== image) : following(group);
  byId("large").close();
  const next = await change({ action: "separate", images: [image] });
  if (!next) return;
  show(next);
  focusOn(rest);
}

async function undo() {
  if (!state.last) return;
  const next = await change({ action: "undo" });
  if (next) show(next);
}

function showLarge(image) {
  shown = image;
  const large = byId("large"), group = groupOf(image);
  byId("large-title").textContent = `${image}, ${titleText(group)}`;
  large.querySelector("img").src = `photograph?image=${encodeURIComponent(image)}`;
  large.querySelector("[value=separate]").hidden = group.photographs.length === 1;
  if (!large.open) large.showModal();
}

function step(by) {
  const images = imagesOf(groupOf(shown));
  showLarge(images[(images.indexOf(shown) + by + images.length) % images.length]);
}

function use(action) {
  if (action === "close") byId("large").close();
  else if (action === "separate") separate(shown);
  else step(action === "after" ? 1 : -1);
}

function moveToGroup(by) {
  const all = sections(), at = all.indexOf(sectionOf(document.activeElement));
  const section = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (section) cardsIn(section)[0].focus();
}

function moveInGroup(section, by) {
  const all = cardsIn(section), at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + by, 0), all.length - 1)].focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("naming").open) return;
  if (event.target.matches("input")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const section = sectionOf(document.activeElement), image = document.activeElement?.dataset?.image;
  if (byId("large").open) {
    if (key === "ArrowLeft") step(-1);
    else if (key === "ArrowRight") step(1);
    else if (key === "x") separate(shown);
    else return;
  } else if (key === "j" || key === "ArrowDown") moveToGroup(1);
  else if (key === "k" || key === "ArrowUp") moveToGroup(-1);
  else if (key === "z" && !event.repeat) undo();
  else if (key === "Escape" && marked) { mark(null); say(""); }
  else if (!section) return;
  else if (key === "ArrowLeft" || key === "ArrowRight") moveInGroup(section, key === "ArrowLeft" ? -1 : 1);
  else if (key === "n") {
    section.querySelector("input").focus();
    section.querySelector("input").select();
  }
  else if (key === "m" && !event.repeat) join(groupOf(section.dataset.image));
  else if (key === "x" && image && !event.repeat) separate(image);
  else return;
  event.preventDefault();
}

byId("alone").addEventListener("toggle", () => byId("singles").childElementCount || drawSingles());
byId("undo").addEventListener("click", undo);
byId("large").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) use(button.value);
});
byId("large").addEventListener("close", () => cards.get(shown)?.focus());
document.addEventListener("keydown", onKey);
load();
