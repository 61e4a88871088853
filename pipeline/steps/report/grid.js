"use strict";
// The grid of photographs: filtered, ordered, a page at a time.

const content = JSON.parse(document.getElementById("content").textContent);
const NEW = "new_whale";
const PAGE = 60;
const SIZES = [[1, 1], [2, 2], [3, 4], [5, 8], [9, Infinity]];
const UNSURE = 0.5;
const at = (id) => document.getElementById(id);
let chosen = content.queries;
let page = 0;

// An element with attributes and children; a string child is text, never markup.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const outOf = (shown, all) => (shown < all ? `${shown} of ${all}` : `${all}`);
const percent = (share) => (share >= 0.995 ? "> 99 %" : `${(100 * share).toFixed(0)} %`);
const thumbnail = (image) => `data:image/webp;base64,${content.thumbnails[content.images[image].t]}`;
const isTest = (query) => query.k === "test";
const isRight = (query) => query.a[0].i === query.t;
const kind = (query) => (isTest(query) ? "test" : isRight(query) ? "right" : "wrong");

function verdict(query) {
  if (isTest(query)) return "test";
  return isRight(query) ? "right" : `wrong: ${query.t}`;
}

const shows = {
  all: () => true,
  wrong: (query) => kind(query) === "wrong",
  unsure: (query) => query.a[0].p < UNSURE,
  called: (query) => query.a[0].i === NEW,
  new: (query) => !isTest(query) && query.t === NEW,
  known: (query) => query.k === "known",
  test: isTest,
};

// Whom a photograph shows: in truth, or of the test by the first answer.
const named = (query) => query.t || query.a[0].i;

function filtered() {
  const word = at("find").value.trim().toLowerCase();
  const [least, most] = SIZES[at("size").value] ?? [0, Infinity];
  const fold = at("fold").value;
  const individual = at("individual").value.trim();
  return content.queries.filter((query) =>
    shows[at("show").value](query) &&
    (at("size").value === "" || (query.n >= least && query.n <= most)) &&
    (fold === "" || query.f === Number(fold)) &&
    (individual === "" || named(query) === individual) &&
    (word === "" || [query.q, query.t, ...query.a.map((answer) => answer.i)]
      .some((name) => name.toLowerCase().includes(word))));
}

const orders = {
  asked: (queries) => queries,
  unsure: (queries) => [...queries].sort((a, b) => a.a[0].p - b.a[0].p),
  individual: (queries) => [...queries].sort((a, b) =>
    named(a).localeCompare(named(b)) || a.q.localeCompare(b.q)),
};

function card(query) {
  const first = query.a[0];
  const button = element("button", { type: "button", class: `card ${kind(query)}` },
    element("img", { src: thumbnail(query.q), alt: "", loading: "lazy" }),
    element("span", {}, query.q),
    // a long name is cut short, how sure it is never
    element("span", { class: "answer" }, element("span", {}, first.i), `, ${percent(first.p)}`),
    element("span", { class: "verdict" }, verdict(query)));
  button.addEventListener("click", () => opened(query));
  return element("li", {}, button);
}

function drawn() {
  const pages = Math.max(1, Math.ceil(chosen.length / PAGE));
  page = Math.min(page, pages - 1);
  at("grid").replaceChildren(...chosen.slice(page * PAGE, (page + 1) * PAGE).map(card));
  at("count").textContent = `${chosen.length} of ${content.queries.length} photographs`;
  at("page").textContent = `page ${page + 1} of ${pages}`;
  at("before").disabled = page === 0;
  at("after").disabled = page === pages - 1;
}

function filter() {
  chosen = orders[at("order").value](filtered());
  page = 0;
  drawn();
}

function turned(by) {
  page += by;
  drawn();
  at("photographs").focus();
}

function dark(on) {
  document.documentElement.dataset.theme = on ? "dark" : "light";
  at("theme").setAttribute("aria-pressed", String(on));
}

function started() {
  const scores = content.card;
  const number = (value) => value.toFixed(3).replace(/^0/, "");
  document.title = `Tailprint report: ${content.ensemble}`;
  at("ensemble").textContent = content.ensemble;
  at("summary").textContent = `held-out MAP@5 ${number(scores.map5)} ` +
    `(${number(scores.map5_low)} to ${number(scores.map5_high)}), ` +
    `top-1 ${number(scores.top1)}; ${outOf(content.queries.length, content.of.queries)} photographs` +
    (content.queries.length < content.of.queries ? ", wrong and unsure ones first" : "");
  const names = SIZES.map(([a, b]) => (a === b ? `${a}` : b === Infinity ? `${a} or more` : `${a} to ${b}`));
  at("size").append(new Option("any", ""), ...names.map((name, i) => new Option(name, i)));
  const folds = [...new Set(content.queries.map((query) => query.f))].filter((f) => f >= 0).sort((a, b) => a - b);
  at("fold").append(new Option("any", ""), ...folds.map((fold) => new Option(fold, fold)));
  at("individuals").append(...[...new Set(content.queries.map(named))].sort()
    .map((name) => element("option", { value: name })));
  at("card").tBodies[0].append(...Object.entries(scores).map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, name.replaceAll("_", " ")),
      element("td", {}, value === null ? "none" : String(value)))));
  at("filters").addEventListener("input", filter);
  at("filters").addEventListener("submit", (event) => event.preventDefault());
  at("before").addEventListener("click", () => turned(-1));
  at("after").addEventListener("click", () => turned(1));
  at("theme").addEventListener("click", () => dark(document.documentElement.dataset.theme !== "dark"));
  dark(matchMedia("(prefers-color-scheme: dark)").matches);
  filter();
}
