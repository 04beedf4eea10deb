// The last value of a series in the list of jobs, with a small curve of how it came about; asked only when a job moved.
const AT_ONCE = 4;
const seen = new Map();

export function lastValues() {
  if (document.body.dataset.page !== "jobs") return;
  fill();
  addEventListener("ontogeny:changed", fill);
}

async function fill() {
  const cells = [...document.querySelectorAll("[data-last]")].filter((cell) => seen.get(cell.dataset.last) !== cell.dataset.version);
  const queue = cells[Symbol.iterator]();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (const cell of queue) await one(cell); }));
}

// The list may be rendered anew meanwhile: where the answer goes is looked up when it is there.
async function one({ dataset: { last: job, series: wanted, version } }) {
  seen.set(job, version);
  const [series, state] = await Promise.all([fetch(`/v1/jobs/${job}/series`), fetch(`/v1/jobs/${job}`)]).catch(() => []);
  if (!series?.ok || !state.ok) { seen.delete(job); return; }
  fates(job, (await state.json()).lives);
  const { items } = await series.json();
  const list = document.getElementById("series-seen");
  for (const item of items) if (![...list.options].some((option) => option.value === item.name)) list.append(new Option(item.name, item.name));
  const found = wanted ? items.find((item) => item.name === wanted) : items.find((item) => item.unit === "fraction") ?? items.find((item) => item.name.startsWith("probe."));
  if (!found || found.last === null) return;
  const curve = await spark(job, found.name);
  const cell = document.querySelector(`[data-last="${job}"]`);
  cell?.replaceChildren(curve, text("b", found.last.toPrecision(3)), text("span", wanted ? "" : ` ${found.name.replace("probe.", "")}`, "soft"));
  if (cell) cell.title = `${found.name}: last ${found.last.toPrecision(4)}, from ${found.min?.toPrecision(4)} to ${found.max?.toPrecision(4)}`;
}

// A job can succeed although lives of it were lost: that is told beside its status.
function fates(job, lives) {
  const told = ["censored", "diverged", "failed"].filter((state) => lives[state]);
  document.querySelector(`[data-fates="${job}"]`)?.replaceChildren(...told.map((state) => text("small", `${lives[state].toLocaleString("en")} ${state}`, "status-note")));
}

async function spark(job, series) {
  const query = new URLSearchParams({ series, over: "seed", arm: 0, points: 60 });
  const answer = await fetch(`/v1/jobs/${job}/history?${query}`);
  const [trace] = answer.ok ? (await answer.json()).traces : [];
  const points = (trace?.y ?? []).map((y, place) => [trace.x[place], y]).filter(([, y]) => y !== null);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "spark");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  if (points.length > 1) svg.append(line(points));
  return svg;
}

function line(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [low, high, left, right] = [Math.min(...ys), Math.max(...ys), Math.min(...xs), Math.max(...xs)];
  const place = points.map(([x, y]) => `${(100 * (x - left)) / (right - left || 1)},${95 - (90 * (y - low)) / (high - low || 1)}`);
  const curve = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  curve.setAttribute("points", place.join(" "));
  return curve;
}

function text(tag, words, kind = "") {
  return Object.assign(document.createElement(tag), { textContent: words, className: kind });
}
