// Buttons for decisions, if the report is opened by the review server and not from the disk.

let hasServer = false; // until the review server answers
const decisions = new Map(); // by pair of photographs
const CHOICES = { same: "same", different: "different", unsure: "unsure" };
// a test photograph gets no label by a decision, but can be marked as no duplicate
const TEST_CHOICES = { different: "different", unsure: "unsure" };
const DUPLICATE_CHOICES = { different: "no, two photographs", unsure: "unsure" };

const pairKey = (a, b) => [a, b].sort().join("\n");

function setDecisions(rows) {
  decisions.clear();
  for (const row of rows) decisions.set(pairKey(row.image_a, row.image_b), row);
  for (const box of document.querySelectorAll(".decide")) showDecision(box);
}

// The answer of the review server; without one, an answer that states so.
async function request(options = {}) {
  try {
    return await fetch("decisions", options);
  } catch {
    return new Response("the review server does not answer; start it with tailprint review", { status: 503 });
  }
}

async function loadDecisions() {
  const response = await request();
  if (!response.ok) {
    byId("count").textContent = `No decisions can be made: ${await response.text()}`;
    return;
  }
  const isFirst = !hasServer;
  hasServer = true;
  setDecisions(await response.json());
  if (isFirst) linkPages();
  if (isFirst) drawDuplicates();
  if (isFirst && current) openQuery(current);
}

// The pages that the server has beside the report.
function linkPages() {
  const links = { questions: "Decide one question after another, the most useful first",
    unknown: "Name unknown individuals, joined and corrected by groups" };
  byId("grid").before(createElement("ul", { class: "pages" }, ...Object.entries(links).map(([page, text]) =>
    createElement("li", {}, createElement("a", { id: page, href: page }, text)))));
}

async function decide(box, decision) {
  const [image_a, image_b] = [box.dataset.a, box.dataset.b];
  const response = await request({
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Tailprint": "review" },
    body: JSON.stringify({ image_a, image_b, decision }),
  });
  if (response.ok) setDecisions(await response.json());
  else box.querySelector("output").textContent = `Not saved: ${await response.text()}`;
}

// The pressed button, and who decided when.
function showDecision(box) {
  const row = decisions.get(pairKey(box.dataset.a, box.dataset.b));
  for (const button of box.querySelectorAll("button[value]")) {
    // not disabled: a button that was just pressed would lose the focus
    if (button.value === "undo") button.setAttribute("aria-disabled", String(!row));
    else button.setAttribute("aria-pressed", String(row?.decision === button.value));
  }
  box.querySelector("output").textContent = row ? `${row.decision}, by ${row.who}, ${row.when}` : "No decision yet.";
}

// The buttons for two photographs, or for one (b is ""); none without the review server.
function createButtons(question, a, b, choices) {
  if (!hasServer) return [];
  const box = createElement("fieldset", { class: "decide", "data-a": a, "data-b": b },
    createElement("legend", {}, question),
    ...Object.entries({ ...choices, undo: "undo" }).map(([value, text]) =>
      createElement("button", { type: "button", value }, text)),
    createElement("output", {}));
  box.addEventListener("click", (event) => {
    const pressed = event.target;
    if (pressed.value && pressed.getAttribute("aria-disabled") !== "true") decide(box, pressed.value);
  });
  showDecision(box);
  return [box];
}

if (location.protocol.startsWith("http")) {
  loadDecisions();
  addEventListener("focus", loadDecisions); // a decision may have been made in another tab
}
drawDuplicates();
start();
