// The keyboard: / search, j k move, Enter open, x select, c compare, p pause or resume, s submit, ? what there is.
import { say, tell } from "./say.js";

const ACTIONS = {
  "/": () => document.getElementById("search").focus(),
  j: () => move(1),
  k: () => move(-1),
  Enter: () => open_(),
  x: () => select(),
  c: () => compare(),
  p: () => document.querySelector('[data-verb="pause"], [data-verb="resume"]')?.click(),
  s: () => { location.href = "/submit"; },
  "?": () => document.getElementById("keys").showModal(),
};

export function bindKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) {
      if (event.key === "Escape" && writing(event.target)) event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (!row() || event.target.closest("a, button, summary"))) return;
    const action = ACTIONS[event.key];
    if (action) { event.preventDefault(); action(); }
  });
  addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens]");
    if (button) document.getElementById(button.dataset.opens).showModal();
  });
  addEventListener("change", (event) => { if (event.target.dataset?.item) counted(); });
  // who comes back finds the boxes as they were
  addEventListener("pageshow", () => { if (selected().length) counted(); });
}

function writing(target) {
  return target.closest?.("textarea, select, input:not([type=checkbox])") != null;
}

const row = () => document.querySelector("tr.here");

function move(by) {
  const rows = [...document.querySelectorAll("tr[data-row]")];
  if (!rows.length) return;
  const now = rows.indexOf(row());
  const next = rows[Math.min(Math.max(now + by, 0), rows.length - 1)];
  row()?.classList.remove("here");
  next.classList.add("here");
  next.scrollIntoView({ block: "nearest" });
  say(next.querySelector(".name").textContent);
}

function open_() {
  location.href = row().dataset.href;
}

function select() {
  const box = row()?.querySelector("input[data-item]");
  if (!box) return;
  box.checked = !box.checked;
  counted();
}

const selected = () => [...document.querySelectorAll("input[data-item]:checked")].map((each) => each.dataset.item);

function counted() {
  const items = selected();
  const note = document.querySelector(".selection");
  note.hidden = !items.length;
  note.querySelector("[data-count]").textContent = items.length;
  note.querySelector("[data-compare]").href = `/compare?${new URLSearchParams(items.map((item) => ["item", item]))}`;
  say(`${items.length} selected`);
}

function compare() {
  const items = selected();
  if (items.length < 2) tell("Select two to four with x, then press c.");
  else location.href = document.querySelector("[data-compare]").href;
}
