// Buttons for what a person decides, where the page comes from `make review` and not from the disk.

let served = false; // until the review has answered
const decided = new Map(); // by pair of photographs
const CHOICES = { same: "same", different: "different", unsure: "unsure" };
// no label comes of a photograph of the test, but a copy can be told to be none
const OF_THE_TEST = { different: "different", unsure: "unsure" };

const OF_COPIES = { different: "no, two photographs", unsure: "unsure" };

const pairOf = (a, b) => [a, b].sort().join("\n");

function noted(rows) {
  decided.clear();
  for (const row of rows) decided.set(pairOf(row.image_a, row.image_b), row);
  for (const box of document.querySelectorAll(".decide")) marked(box);
}

// What the review answers; where it doesn't, an answer that says so.
async function asked(request = {}) {
  try {
    return await fetch("decisions", request);
  } catch {
    return new Response("the review has been ended; start it with make review", { status: 503 });
  }
}

async function fetched() {
  const answer = await asked();
  if (!answer.ok) {
    at("count").textContent = `No decisions can be made: ${await answer.text()}`;
    return;
  }
  const first = !served;
  served = true;
  noted(await answer.json());
  if (first) copiesListed();
  if (first && open) opened(open);
}

async function decide(box, decision) {
  const [image_a, image_b] = [box.dataset.a, box.dataset.b];
  const answer = await asked({
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Tailprint": "review" },
    body: JSON.stringify({ image_a, image_b, decision }),
  });
  const said = box.querySelector("output");
  if (answer.ok) noted(await answer.json());
  else said.textContent = `Not written down: ${await answer.text()}`;
}

// Show what holds: the pressed button, and who decided when.
function marked(box) {
  const row = decided.get(pairOf(box.dataset.a, box.dataset.b));
  for (const button of box.querySelectorAll("button[value]")) {
    // not disabled: the focus would be lost on a button that was just pressed
    if (button.value === "undo") button.setAttribute("aria-disabled", String(!row));
    else button.setAttribute("aria-pressed", String(row?.decision === button.value));
  }
  box.querySelector("output").textContent = row ? `${row.decision}, by ${row.who}, ${row.when}` : "Nothing decided.";
}

// The buttons about two photographs, or about one (b is ""); nothing where the page is a file.
function buttons(question, a, b, choices) {
  if (!served) return [];
  const box = element("fieldset", { class: "decide", "data-a": a, "data-b": b },
    element("legend", {}, question),
    ...Object.entries({ ...choices, undo: "undo" }).map(([value, text]) =>
      element("button", { type: "button", value }, text)),
    element("output", {}));
  box.addEventListener("click", (event) => {
    const pressed = event.target;
    if (pressed.value && pressed.getAttribute("aria-disabled") !== "true") decide(box, pressed.value);
  });
  marked(box);
  return [box];
}

if (location.protocol.startsWith("http")) {
  fetched();
  addEventListener("focus", fetched); // another tab may have decided
}
copiesListed();
started();
