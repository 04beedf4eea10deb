// Figures: plotly JSON as the service draws it; drawn when they come into sight, again when something was added.
import { say } from "./say.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const CONFIG = { displaylogo: false, responsive: true, displayModeBar: "hover", modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] };
const known = new WeakSet();
const inSight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    entry.target.dataset.seen = entry.isIntersecting ? "yes" : "";
    if (entry.isIntersecting && entry.target.dataset.stale !== "no") draw(entry.target);
  }
}, { rootMargin: "400px" });

export function watchFigures(root) {
  for (const plot of root.querySelectorAll(".plot")) {
    if (known.has(plot)) continue;
    known.add(plot);
    inSight.observe(plot);
    plot.querySelector("details.table").addEventListener("toggle", () => tabulate(plot));
  }
}

dark.addEventListener("change", () => document.querySelectorAll(".plot").forEach(redraw));
addEventListener("ontogeny:changed", () => document.querySelectorAll("[data-live-figure]").forEach(redraw));

// The address of the figure in the present look; a figure without a body is a GET, with tags that cost nothing.
function source(plot) {
  const url = new URL(plot.dataset.figure, location);
  url.searchParams.set("look", dark.matches ? "dark" : "light");
  return url;
}

// Another question to the same figure.
export function ask_for(plot, url) {
  plot.dataset.figure = url.pathname + url.search;
  const csv = plot.querySelector(".csv");
  if (csv) csv.href = `${plot.dataset.figure}${url.search ? "&" : "?"}format=csv`;
}

export function redraw(plot) {
  plot.dataset.stale = "yes";
  if (plot.dataset.seen) draw(plot);
}

async function ask(plot) {
  if (plot.dataset.body === undefined) return fetch(source(plot), { cache: "no-cache" });
  const type = plot.dataset.type ?? "application/json";
  return fetch(source(plot), { method: "POST", headers: { "Content-Type": type }, body: plot.dataset.body });
}

async function draw(plot) {
  if (plot.dataset.body === "{}") return;
  if (plot.busy) { plot.again = true; return; }
  plot.busy = true;
  plot.dataset.stale = "no";
  plot.classList.add("waiting");
  try {
    await show(plot, await ask(plot));
  } catch (error) {
    told(plot, `The figure could not be drawn: ${error.message}`);
  }
  plot.classList.remove("waiting");
  plot.busy = false;
  if (plot.again) { plot.again = false; draw(plot); }
}

async function show(plot, answer) {
  const place = plot.querySelector(".drawing");
  const tag = answer.headers.get("ETag");
  if (!answer.ok) {
    const problem = await answer.json();
    if (place.data) Plotly.purge(place);
    place.removeAttribute("style");
    told(plot, problem.detail);
    return;
  }
  if (tag && tag === plot.dataset.etag && plot.dataset.drawn === source(plot).href) return;
  const figure = await answer.json();
  plot.whole = figure.layout.xaxis?.range;
  // under one revision plotly keeps what the user did; a window of another name is another revision
  const window_ = plot.dataset.zoom ?? "";
  if (window_) figure.layout.xaxis.range = JSON.parse(window_);
  if (figure.layout.xaxis) figure.layout.xaxis.uirevision = window_ || "whole";
  size(place, figure.layout);
  await Plotly.react(place, figure.data, figure.layout, CONFIG);
  plot.dataset.etag = tag ?? "";
  plot.dataset.drawn = source(plot).href;
  told(plot, thinning(figure.layout.meta.thinning));
  if (!plot.dataset.bound) bind(plot, place);
  if (plot.querySelector("details.table").open) tabulate(plot);
}

// Plotly fits a figure to its place when the window changes; of no height of its own the place would collapse.
function size(place, layout) {
  place.style.height = `${layout.height}px`;
  place.style.minWidth = `${layout.meta.least_px}px`;
}

function bind(plot, place) {
  plot.dataset.bound = "yes";
  place.on("plotly_relayout", (change) => plot.dispatchEvent(new CustomEvent("zoomed", { detail: change })));
  place.on("plotly_click", (event) => plot.dispatchEvent(new CustomEvent("pointed", { detail: event.points[0] })));
}

function thinning(answers) {
  const shown = answers.reduce((sum, each) => sum + each.points_out, 0);
  const stored = answers.reduce((sum, each) => sum + each.values_in, 0);
  if (!answers.length) return "";
  if (answers.every((each) => each.exact)) return `every one of ${stored.toLocaleString("en")} values`;
  const thinned = answers.find((each) => !each.exact);
  return `${shown.toLocaleString("en")} of ${stored.toLocaleString("en")} values (${thinned.method}, extremes ${thinned.extremes}); zoom in for more`;
}

function told(plot, words) {
  plot.querySelector(".told").textContent = words;
}

// The rows behind the figure, as the service tells them.
async function tabulate(plot) {
  const details = plot.querySelector("details.table");
  const place = details.querySelector(".rows");
  if (!details.open || place.dataset.of === plot.dataset.etag + plot.dataset.drawn) return;
  const url = source(plot);
  url.searchParams.set("format", "csv");
  const body = plot.dataset.body === undefined ? {} : { method: "POST", body: plot.dataset.body, headers: { "Content-Type": plot.dataset.type ?? "application/json" } };
  const answer = await fetch(url, { cache: "no-cache", ...body });
  if (!answer.ok) return;
  place.replaceChildren(tableOf(parse(await answer.text())));
  place.dataset.of = plot.dataset.etag + plot.dataset.drawn;
  say("the table is there");
}

const MOST_ROWS = 2000;

function tableOf([names, ...rows]) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const name of names) head.append(Object.assign(document.createElement("th"), { textContent: name }));
  const body = table.createTBody();
  for (const row of rows.slice(0, MOST_ROWS)) for (const [cell, text] of [[body.insertRow(), row]]) text.forEach((each) => { cell.insertCell().textContent = each; });
  if (rows.length > MOST_ROWS) table.createCaption().textContent = `the first ${MOST_ROWS.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows; all of them are in the CSV`;
  return table;
}

function parse(text) {
  const rows = [];
  for (const line of text.trimEnd().split("\n")) {
    rows.push([...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map((found) => (found[1] ?? found[2]).replaceAll('""', '"')));
  }
  return rows;
}
