"use strict";
// What the pages of the review share: elements, requests, and the name of the reviewer.

const byId = (id) => document.getElementById(id);
const percent = (value) => (value >= 0.995 ? "> 99 %" : value < 0.005 ? "< 1 %" : `${(100 * value).toFixed(0)} %`);
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

function createElement(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

async function request(path, body) {
  const options = body && { method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-Tailprint": "review" } };
  try {
    return await fetch(path, options);
  } catch {
    return new Response("the review server does not answer; start it with tailprint review", { status: 503 });
  }
}

function say(text) {
  byId("message").textContent = text;
}

function askName() {
  byId("name").value = state.isKnown ? state.reviewer : "";
  byId("naming").showModal();
}

async function rename(event) {
  event.preventDefault();
  const response = await request("reviewer", { name: byId("name").value });
  byId("naming-message").textContent = response.ok ? "" : await response.text();
  if (!response.ok) return;
  byId("naming").close();
  load();
}

byId("who").addEventListener("click", askName);
byId("naming").querySelector("form").addEventListener("submit", rename);
