// The controls of the job's figure; the address holds the whole view, so it can be sent to somebody.
import { ask_for, redraw } from "./plots.js";

export function controls() {
  const form = document.querySelector('[data-controls="development"]');
  if (!form) return;
  const plot = form.parentElement.querySelector(".plot");
  const unzoom = form.querySelector("[data-unzoom]");
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(form, plot, unzoom); });
  form.addEventListener("change", () => apply(form, plot, unzoom));
  restore(plot, unzoom);
  plot.addEventListener("zoomed", (event) => zoomed(event.detail, plot, unzoom));
  unzoom.addEventListener("click", () => choose(plot, null, unzoom));
  form.querySelector("[data-lived]").addEventListener("click", () => choose(plot, lived(plot), unzoom));
  document.addEventListener("click", (event) => {
    for (const open of form.querySelectorAll("details[open]")) if (!open.contains(event.target)) open.open = false;
  });
  form.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest("details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  organism(form, plot, unzoom);
  plot.addEventListener("pointed", (event) => offer(event.detail, form));
}

// A click on a snapshot offers to go on from there otherwise.
function offer(point, form) {
  if (point.data.name !== "snapshot") return;
  const arm = new URL(location).searchParams.get("arm") ?? form.querySelector("[name=arm]:checked")?.value ?? 0;
  const query = new URLSearchParams({ fork: document.body.dataset.job, arm, age: point.x });
  const link = Object.assign(document.createElement("a"), { href: `/submit?${query}`, textContent: "fork from here" });
  const place = document.querySelector(".offer");
  place.replaceChildren(`Snapshot at age ${point.x.toLocaleString("en")} sp: `, link);
  place.hidden = false;
}

function apply(form, plot, unzoom) {
  const view = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  const sameAxis = (view.get("x") ?? "") === (new URL(location).searchParams.get("x") ?? "");
  const zoom = sameAxis && plot.dataset.zoom ? JSON.parse(plot.dataset.zoom) : null;
  history.replaceState(null, "", `?${view}`);
  if (!view.has("arm")) view.set("arm", "0");
  ask_for(plot, new URL(`?${view}`, new URL(plot.dataset.figure, location)));
  form.querySelectorAll(".choice").forEach(summarise);
  choose(plot, zoom, unzoom);
}

function summarise(choice) {
  const names = [...choice.querySelectorAll("input:checked")].map((each) => each.parentElement.childNodes[1].textContent.trim());
  choice.querySelector("summary").textContent = names.join(", ") || "none";
}

// ---- zoom: the address names the window, the service thins what is inside it

const BESIDE = 0.5, PAUSE_MS = 250;
let later = null;

function restore(plot, unzoom) {
  const view = new URL(location).searchParams;
  if (view.has("from") || view.has("to")) choose(plot, [Number(view.get("from") ?? 0), Number(view.get("to") ?? 0)], unzoom);
}

function zoomed(change, plot, unzoom) {
  const range = change["xaxis.range"] ?? (change["xaxis.range[0]"] === undefined ? null : [change["xaxis.range[0]"], change["xaxis.range[1]"]]);
  if (range === null && !change["xaxis.autorange"]) return;
  choose(plot, range === null || whole(plot, range) ? null : range, unzoom);
}

function whole(plot, [start, end]) {
  return plot.whole && start <= plot.whole[0] && end >= plot.whole[1];
}

// Up to the last value of a curve; the strip reaches to the end of what is planned.
function lived(plot) {
  const curves = (plot.querySelector(".drawing").data ?? []).filter((trace) => trace.meta?.panel !== "strip");
  const last = Math.max(0, ...curves.map((trace) => trace.x?.at?.(-1) ?? 0));
  return last > 0 ? [0, last] : null;
}

function choose(plot, range, unzoom) {
  const here = new URL(location), asked = new URL(plot.dataset.figure, location);
  limit(here, range, 0);
  limit(asked, range, BESIDE);
  plot.dataset.zoom = range === null ? "" : JSON.stringify(range);
  ask_for(plot, asked);
  unzoom.hidden = range === null;
  history.replaceState(null, "", here);
  clearTimeout(later);
  later = setTimeout(() => redraw(plot), PAUSE_MS);
}

// What is asked for reaches beyond the window, so that curves do not end inside it.
function limit(url, range, beside) {
  for (const name of ["from", "to"]) url.searchParams.delete(name);
  if (range === null) return;
  const more = beside * (range[1] - range[0]);
  url.searchParams.set("from", String(Math.max(0, Math.floor(range[0] - more))));
  url.searchParams.set("to", String(Math.ceil(range[1] + more)));
}

// ---- a click on an area shows its curves

function organism(form, plot, unzoom) {
  const graph = document.querySelector('[data-figure*="/figures/organism"]');
  graph?.addEventListener("pointed", (event) => {
    const area = event.detail.customdata;
    if (!area) return;
    const menu = form.querySelector(".menu");
    for (const box of menu.querySelectorAll("[name=series]")) box.checked = box.value.endsWith(`.${area}`);
    apply(form, plot, unzoom);
    form.scrollIntoView({ block: "start" });
  });
}
