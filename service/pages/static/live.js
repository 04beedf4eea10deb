// What is alive is rendered by the server: when something happened, the page is asked again and its live parts change.
import { say, tell } from "./say.js";

const EVENTS = ["job", "progress", "history", "job.status", "stage.entered", "stage.ended", "life.transition",
  "life.diverged", "life.censored", "snapshot.stored", "lease.expired", "trajectory.failed", "trajectory.reused"];
const LEAST_MS = 1000, GATHER_MS = 100, POLL_MS = 5000;

// What the page fills in by itself, and which job it is about.
const FILLED = "[data-last], [data-fates]";
const named = (place) => place.dataset.last ?? `fates ${place.dataset.fates}`;

let asked = 0, waiting = null, tag = null, status = null, there = true;

export function follow() {
  status = document.querySelector("[data-live=state] .status")?.dataset.status ?? null;
  const stream = document.body.dataset.stream;
  if (stream) listen(stream);
  else if (document.body.dataset.page === "jobs") setInterval(soon, POLL_MS);
  document.addEventListener("visibilitychange", soon);
}

function listen(path) {
  const source = new EventSource(path);
  for (const name of EVENTS) source.addEventListener(name, soon);
  source.addEventListener("error", soon);
  source.addEventListener("end", () => { source.close(); soon(); });
}

// At most once a second, and only while somebody looks; what is told at one time is asked about once.
export function soon() {
  if (document.hidden || waiting !== null) return;
  waiting = setTimeout(async () => {
    waiting = null;
    asked = performance.now();
    await refresh();
  }, Math.max(GATHER_MS, LEAST_MS - (performance.now() - asked)));
}

async function refresh() {
  const headers = tag ? { "If-None-Match": tag } : {};
  const answer = await fetch(location.href, { headers, cache: "no-store" }).catch(() => null);
  reached(answer !== null);
  if (answer?.redirected) { location.reload(); return; }
  if (!answer?.ok) return;
  tag = answer.headers.get("ETag");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) swap(part, fresh);
  announce(fresh);
  dispatchEvent(new Event("ontogeny:changed"));
}

// That the service is gone is told once; that it is back, too.
function reached(now) {
  if (now !== there) tell(now ? "The service answers again." : "The service does not answer: shown is what was known last.");
  there = now;
}

function swap(part, fresh) {
  const now = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
  if (!now || now.innerHTML === part.dataset.was) return;
  part.dataset.was = now.innerHTML;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const chosen = new Set([...part.querySelectorAll("input:checked")].map((each) => each.dataset.item));
  const here = part.querySelector("tr.here")?.dataset.href;
  const filled = new Map([...part.querySelectorAll(FILLED)].map((each) => [named(each), each.innerHTML]));
  part.replaceChildren(...now.childNodes);
  for (const box of part.querySelectorAll("input[data-item]")) box.checked = chosen.has(box.dataset.item);
  for (const each of part.querySelectorAll(FILLED)) each.innerHTML = filled.get(named(each)) ?? each.innerHTML;
  if (here) part.querySelector(`tr[data-href="${CSS.escape(here)}"]`)?.classList.add("here");
  if (focused) refocus(part, focused);
}

function refocus(part, focused) {
  const same = [...part.querySelectorAll(focused.tagName)].find((each) => each.textContent === focused.textContent
    && each.getAttribute("href") === focused.getAttribute("href") && each.dataset.item === focused.dataset.item);
  same?.focus();
}

function announce(fresh) {
  const now = fresh.querySelector("[data-live=state] .status")?.dataset.status;
  if (now && now !== status) say(`the job is ${now}`);
  status = now ?? status;
}
