"use strict";
// The grid of photographs: filtered, ordered, and split into pages.

const content = JSON.parse(document.getElementById("content").textContent);
const NEW = "new_whale";
const PAGE_SIZE = 60;
const GALLERY_SIZES = [[1, 1], [2, 2], [3, 4], [5, 8], [9, Infinity]];
const { unsure: UNSURE, sure: SURE } = content.limits; // posteriors of the first answer
const byId = (id) => document.getElementById(id);
let selected = content.queries; // by the filters, in the chosen order
let page = 0;

// An element with attributes and children; a string child is text, never markup.
function createElement(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const countOf = (count, total) => (count < total ? `${count} of ${total}` : `${total}`);
const percent = (fraction) => (fraction >= 0.995 ? "> 99 %" : `${(100 * fraction).toFixed(0)} %`);
const thumbnail = (image) => `data:image/webp;base64,${content.thumbnails[content.images[image].t]}`;
const isTest = (query) => query.k === "test";
const isRight = (query) => query.a[0].i === query.t;
const outcome = (query) => (isTest(query) ? "test" : isRight(query) ? "right" : "wrong");

// The other photographs of a test photograph's unknown individual.
const matesOf = (query) => (content.unknown[query.u] ?? []).filter((image) => image !== query.q);
const unknownText = (query) => (query.u ? `unknown individual ${query.u}` : "");

function outcomeText(query) {
  if (outcome(query) === "wrong") return `wrong: ${query.t}`;
  const mates = matesOf(query).length;
  return query.u ? unknownText(query) + (mates ? ` (${1 + mates})` : "") : outcome(query);
}

const isUnsure = (query) => query.a[0].p < UNSURE;
const isNew = (query) => query.a[0].i === NEW;

const filters = {
  all: () => true,
  wrong: (query) => outcome(query) === "wrong",
  unsure: isUnsure,
  called: isNew,
  new: (query) => !isTest(query) && query.t === NEW,
  known: (query) => query.k === "known",
  test: isTest,
  "test-named": (query) => isTest(query) && !isUnsure(query) && !isNew(query),
  "test-new": (query) => isTest(query) && !isUnsure(query) && isNew(query),
  "test-unsure": (query) => isTest(query) && isUnsure(query),
  right: (query) => outcome(query) === "right",
  suspect: (query) => outcome(query) === "wrong" && query.a[0].p >= SURE,
};

// What is counted at a glance: its filter and order, what it is, and what to do about it.
const GLANCE = [
  ["named", "test-named", "original", "test photographs named"],
  ["new", "test-new", "original", "test photographs of new individuals"],
  ["unsure", "test-unsure", "unsure", "test photographs unsure: check these first"],
  ["right", "right", "original", "held-out photographs right"],
  ["wrong", "wrong", "unsure", "held-out photographs wrong"],
  ["suspect", "suspect", "original", "of them although sure: their labels may be wrong"],
];

// The individual of a photograph: the true one, or the first answer for a test photograph.
const identityOf = (query) => query.t || query.a[0].i;

function filterQueries() {
  const text = byId("find").value.trim().toLowerCase();
  const [smallest, largest] = GALLERY_SIZES[byId("size").value] ?? [0, Infinity];
  const fold = byId("fold").value;
  const individual = byId("individual").value.trim();
  return content.queries.filter((query) =>
    filters[byId("show").value](query) &&
    (byId("size").value === "" || (query.n >= smallest && query.n <= largest)) &&
    (fold === "" || query.f === Number(fold)) &&
    (individual === "" || identityOf(query) === individual) &&
    (text === "" || [query.q, query.t, unknownText(query), ...query.a.map((answer) => answer.i)]
      .some((name) => name.toLowerCase().includes(text))));
}

const orders = {
  original: (queries) => queries,
  unsure: (queries) => [...queries].sort((a, b) => a.a[0].p - b.a[0].p),
  individual: (queries) => [...queries].sort((a, b) =>
    identityOf(a).localeCompare(identityOf(b)) || a.q.localeCompare(b.q)),
};

function createCard(query) {
  const first = query.a[0];
  const button = createElement("button", { type: "button", class: `card ${outcome(query)}` },
    createElement("img", { src: thumbnail(query.q), alt: "", loading: "lazy" }),
    createElement("span", {}, query.q),
    // a long name is cut short, its probability never
    createElement("span", { class: "answer" }, createElement("span", {}, first.i), `, ${percent(first.p)}`),
    createElement("span", { class: "outcome" }, outcomeText(query)));
  button.addEventListener("click", () => openQuery(query));
  return createElement("li", {}, button);
}

function drawGrid() {
  const pages = Math.max(1, Math.ceil(selected.length / PAGE_SIZE));
  page = Math.min(page, pages - 1);
  byId("grid").replaceChildren(...selected.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map(createCard));
  byId("count").textContent = `${selected.length} of ${content.queries.length} photographs`;
  byId("page").textContent = `page ${page + 1} of ${pages}`;
  byId("before").disabled = page === 0;
  byId("after").disabled = page === pages - 1;
}

function applyFilters() {
  selected = orders[byId("order").value](filterQueries());
  page = 0;
  drawGrid();
}

// Show the photographs that a number at a glance counts.
function showKind(filter, order) {
  byId("filters").reset();
  byId("show").value = filter;
  byId("order").value = order;
  applyFilters();
  byId("photographs").focus();
}

function createGlance([kind, filter, order, text]) {
  const button = createElement("button", { type: "button" },
    createElement("strong", {}, String(content.counts[kind])), ` ${text}`);
  button.addEventListener("click", () => showKind(filter, order));
  return createElement("li", {}, button);
}

function turnPage(by) {
  page += by;
  drawGrid();
  byId("photographs").focus();
}

function setDark(on) {
  document.documentElement.dataset.theme = on ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", String(on));
}

function drawSummary() {
  const scores = content.card;
  const number = (value) => value.toFixed(3).replace(/^0/, "");
  document.title = `Tailprint report: ${content.ensemble}`;
  byId("ensemble").textContent = content.ensemble;
  const measured = scores.map5 === null
    ? `${scores.not_measured}` +
      (scores.map5_known === null ? "" : `; MAP@5 of known individuals alone ${number(scores.map5_known)}`)
    : `held-out MAP@5 ${number(scores.map5)} (${number(scores.map5_low)} to ${number(scores.map5_high)}), ` +
      `top-1 ${number(scores.top1)}`;
  byId("summary").textContent = `${measured}; ${countOf(content.queries.length, content.total.queries)} photographs` +
    (content.queries.length < content.total.queries ? ", wrong and unsure ones first" : "") +
    (scores.season ? `. By time: photographs ${scores.season}, compared with earlier ones alone` : "") +
    (scores.not_converged ? `. Training has not converged: ${scores.not_converged}` : "") +
    ("left_out_test" in scores ? `. ${scores.left_out_train} photographs of the training and ` +
      `${scores.left_out_test} of the test can't be read and are left out` : "");
  byId("card").tBodies[0].append(...Object.entries(scores).map(([name, value]) =>
    createElement("tr", {}, createElement("th", { scope: "row" }, name.replaceAll("_", " ")),
      createElement("td", {}, value === null ? "none" : String(value)))));
}

function fillFilters() {
  const names = GALLERY_SIZES.map(([a, b]) => (a === b ? `${a}` : b === Infinity ? `${a} or more` : `${a} to ${b}`));
  byId("size").append(new Option("any", ""), ...names.map((name, i) => new Option(name, i)));
  const folds = [...new Set(content.queries.map((query) => query.f))].filter((f) => f >= 0).sort((a, b) => a - b);
  byId("fold").append(new Option("any", ""), ...folds.map((fold) => new Option(fold, fold)));
  byId("individuals").append(...[...new Set(content.queries.map(identityOf))].sort()
    .map((name) => createElement("option", { value: name })));
}

function start() {
  drawSummary();
  byId("glance").append(...GLANCE.map(createGlance));
  fillFilters();
  byId("filters").addEventListener("input", applyFilters);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("before").addEventListener("click", () => turnPage(-1));
  byId("after").addEventListener("click", () => turnPage(1));
  byId("theme").addEventListener("click", () => setDark(document.documentElement.dataset.theme !== "dark"));
  setDark(matchMedia("(prefers-color-scheme: dark)").matches);
  applyFilters();
}
