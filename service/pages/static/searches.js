// Searches that are kept: the filters of the address under a name, and forgetting them.
import { tell, words } from "./say.js";

const MANY = ["status", "label", "uses"];
const CONDITIONS = ["q", "kind", "document", "created_after", "created_before", ...MANY];

export function searches() {
  document.querySelector("[data-keeps]")?.addEventListener("submit", keep);
  for (const button of document.querySelectorAll("[data-forgets]")) button.addEventListener("click", () => forget(button.dataset.forgets));
}

async function keep(event) {
  event.preventDefault();
  const name = event.target.elements.name.value;
  const given = [...new URLSearchParams(location.search)].filter(([key, value]) => value && CONDITIONS.includes(key));
  const filter = Object.fromEntries(given.map(([key, value]) => [key, MANY.includes(key) ? [value] : value]));
  const headers = { "Content-Type": "application/json" };
  await done(await fetch(`/v1/searches/${name}`, { method: "PUT", headers, body: JSON.stringify(filter) }), `/?search=${name}`);
}

async function forget(name) {
  await done(await fetch(`/v1/searches/${name}`, { method: "DELETE" }), "/");
}

async function done(answer, next) {
  if (answer.ok) { location.href = next; return; }
  tell(words(await answer.json()));
}
