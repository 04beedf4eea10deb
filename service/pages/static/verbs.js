// Pause, resume, cancel, delete, retry: asked of the service, which says what it thinks of it.
import { soon } from "./live.js";
import { once } from "./once.js";
import { say, tell, words } from "./say.js";

const GRAVE = { cancel: "Cancel this job? What is trained so far stays.", delete: "Delete this job with everything that no other job needs?" };

export function verbs() {
  const job = document.body.dataset.job;
  if (!job) return;
  document.querySelector("[data-extends]")?.addEventListener("submit", extend);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-verb]");
    if (button) ask(job, button.dataset.verb, button).catch(() => tell("The service does not answer: nothing was asked of the job."));
  });
}

async function extend(event) {
  if (event.submitter?.value !== "extend") return;
  event.preventDefault();
  const form = event.target;
  const { stage, length } = Object.fromEntries(new FormData(form));
  const bound = form.stage.selectedOptions[0].dataset.bound === "1";
  const body = JSON.stringify({ stage, ...(bound ? { limit: length } : { until: { after: length } }) });
  const headers = { "Content-Type": "application/json", ...once() };
  const answer = await fetch(`/v1/jobs/${form.dataset.extends}/extend`, { method: "POST", headers, body });
  const found = await answer.json();
  if (answer.ok) location.href = `/jobs/${found.id}`;
  else form.querySelector("[role=alert]").textContent = words(found);
}

async function ask(job, verb, button) {
  if (GRAVE[verb] && !confirm(GRAVE[verb])) return;
  button.disabled = true;
  const headers = { "Content-Type": "application/json", ...once() };
  const asked = verb === "delete"
    ? fetch(`/v1/jobs/${job}`, { method: "DELETE", headers })
    : fetch(`/v1/jobs/${job}/${verb}`, { method: "POST", headers, body: "{}" });
  const answer = await asked.finally(() => { button.disabled = false; });
  if (!answer.ok) { tell(words(await answer.json())); return; }
  if (verb === "delete") { location.href = "/"; return; }
  const state = await answer.json();
  if (state.id !== job) location.href = `/jobs/${state.id}`;
  say(`${verb}: the job is ${state.status}`);
  soon();
}
