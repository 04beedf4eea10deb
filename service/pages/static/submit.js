// The editor: checked while one writes, planned and drawn before anything runs.
import { once } from "./once.js";
import { redraw } from "./plots.js";
import { words } from "./say.js";

const TYPE = "application/yaml";
const PAUSE_MS = 400;
const place = Object.fromEntries(["document", "base", "verdict", "findings", "submission", "refusal", "plan", "arm", "shared"].map((id) => [id, document.getElementById(id)]));
const button = place.submission.querySelector("button");
let later = null, turn = 0;

const isStudy = () => /^\s*["']?kind["']?\s*:\s*["']?study\b/m.test(place.document.value);
const wrapped = () => isStudy() && place.base.value.trim() !== "";
const inset = (text) => text.replace(/^---.*\n/, "").split("\n").map((line) => `  ${line}`).join("\n");

// Which text a finding is of, and its line there: what is sent is the document below one line, the base below another.
function placeOf(finding) {
  const row = finding.line - (wrapped() ? 1 : 0);
  const own = inset(place.document.value).split("\n").length;
  return wrapped() && row > own ? { text: place.base, row: row - own - 1 } : { text: place.document, row };
}

for (const editor of document.querySelectorAll("[data-editor]")) numbers(editor);
const texts = [place.document, place.base];
for (const writing of texts) {
  writing.addEventListener("input", () => { clearTimeout(later); later = setTimeout(check, PAUSE_MS); });
}
// what was written is not lost by a click on another page
addEventListener("beforeunload", (event) => { if (texts.some((each) => each.value !== each.defaultValue)) event.preventDefault(); });
place.arm.addEventListener("change", preview);
place.submission.addEventListener("submit", submit);
check();

// ---- text

function numbers(editor) {
  const [gutter, text] = [editor.querySelector(".gutter"), editor.querySelector("textarea")];
  const count = () => mark(text, new Map());
  text.addEventListener("input", count);
  text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
  text.addEventListener("keydown", (event) => indent(event, text));
  count();
}

function mark(text, lines) {
  const gutter = text.parentElement.querySelector(".gutter");
  const rows = text.value.split("\n").map((_, index) => {
    const row = Object.assign(document.createElement("span"), { textContent: index + 1, className: lines.get(index + 1) ?? "" });
    return [row, "\n"];
  });
  gutter.replaceChildren(...rows.flat());
  gutter.scrollTop = text.scrollTop;
}

function indent(event, text) {
  if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey) return;
  if (text.selectionStart === text.selectionEnd && !text.dataset.tabs) return;
  event.preventDefault();
  document.execCommand("insertText", false, "  ");
}


// What is sent: the document as it stands, or with its base below it; both indented, so that lines can be told again.
function body() {
  return wrapped() ? `document:\n${inset(place.document.value)}\nbase:\n${inset(place.base.value)}\n` : place.document.value;
}

// ---- check

async function check() {
  const mine = ++turn;
  place.base.closest("details").hidden = !isStudy();
  const answer = await post("/v1/schedules/check").catch(() => null);
  if (mine !== turn) return;
  if (answer === null) { place.verdict.textContent = "The service does not answer: not checked."; return; }
  const told = await answer.json();
  const findings = answer.ok ? [...told.errors, ...told.warnings] : (told.errors ?? [{ code: told.code, message: told.detail }]).map((each) => ({ severity: "error", ...each }));
  show(findings, answer.ok && told.ok, told.summary);
  button.disabled = !(answer.ok && told.ok);
  place.plan.hidden = !(answer.ok && told.ok);
  if (answer.ok && told.ok) { arms(told.summary); await plan(mine); }
}

function post(path, headers = {}) {
  return fetch(path, { method: "POST", headers: { "Content-Type": TYPE, ...headers }, body: body() });
}

function show(findings, ok, summary) {
  const errors = findings.filter((each) => each.severity === "error").length;
  const warnings = findings.length - errors;
  const size = summary ? `${summary.arms} ${summary.arms === 1 ? "arm" : "arms"}, ${summary.lives} lives, ${summary.parameters?.toLocaleString("en") ?? "?"} parameters each` : "";
  place.verdict.textContent = ok ? `It can run: ${size}${warnings ? `; ${warnings} ${warnings === 1 ? "warning" : "warnings"}` : ""}` : `${errors} ${errors === 1 ? "mistake" : "mistakes"}${warnings ? `, ${warnings} warnings` : ""}`;
  place.verdict.classList.toggle("alarm", !ok);
  place.findings.replaceChildren(...findings.map(entry));
  const placed = findings.filter((each) => each.line).map((each) => ({ ...placeOf(each), severity: each.severity })).reverse();
  for (const text of texts) {
    mark(text, new Map(placed.filter((each) => each.text === text).map((each) => [each.row, each.severity])));
  }
}

function entry(finding) {
  const item = Object.assign(document.createElement("li"), { className: finding.severity });
  item.append(text("span", finding.code, "code"), text("span", finding.message));
  if (finding.suggestion) item.append(text("div", finding.suggestion.text, "soft"));
  const at = finding.line && placeOf(finding);
  const jump = text("button", at ? `line ${at.row}${at.text === place.base ? " of the base" : ""}` : finding.pointer || "the whole");
  jump.type = "button";
  jump.disabled = !finding.line;
  jump.addEventListener("click", () => go(at));
  item.append(jump);
  return item;
}

function go({ text, row }) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, row - 1).reduce((sum, each) => sum + each.length + 1, 0);
  text.closest("details")?.setAttribute("open", "");
  text.focus();
  text.setSelectionRange(start, start + (lines[row - 1] ?? "").length);
  text.scrollTop = (row - 8) * (text.scrollHeight / lines.length);
}

// ---- plan and figures

function arms(summary) {
  const many = summary.arms > 1;
  place.arm.parentElement.hidden = !many;
  place.shared.hidden = !many;
  if (place.arm.options.length !== summary.arms) {
    place.arm.replaceChildren(...Array.from({ length: summary.arms }, (_, index) => new Option(`arm ${index}`, index)));
  }
}

async function plan(mine) {
  preview();
  const answer = await post("/v1/schedules/plan");
  if (mine !== turn || !answer.ok) return;
  const { arms: rows, totals } = await answer.json();
  for (const [index, arm] of rows.entries()) if (place.arm.options[index]) place.arm.options[index].text = arm.name;
  const list = document.createElement("dl");
  const said = (number) => number.toLocaleString("en");
  for (const [word, value] of [
    ["lives", said(totals.lives)],
    ["samples", `${totals.upper_bound ? "at most " : ""}${said(totals.samples.shared)}${totals.saving > 0.0005 ? ` instead of ${said(totals.samples.flat)}: ${(100 * totals.saving).toFixed(0)} % saved by sharing` : ""}`],
    ["already trained", said(totals.samples.done)],
    ["to train", `${totals.upper_bound ? "at most " : ""}${said(totals.samples.to_train)}`],
  ]) list.append(text("dt", word), text("dd", value));
  place.plan.replaceChildren(list);
  place.plan.hidden = false;
}

function preview() {
  for (const plot of document.querySelectorAll(".preview .plot")) {
    plot.dataset.body = body();
    plot.dataset.type = TYPE;
    plot.dataset.figure = `${plot.dataset.figure.split("?")[0]}?arm=${place.arm.value || 0}`;
    redraw(plot);
  }
}

// ---- submit

function submit(event) {
  event.preventDefault();
  button.disabled = true;
  place.refusal.textContent = "";
  send().catch((error) => refused({ detail: `It was not sent: ${error.message}.` }));
}

async function send() {
  const { name, labels, priority } = Object.fromEntries(new FormData(place.submission));
  const pairs = labels.split(",").map((each) => each.trim()).filter(Boolean);
  const answer = await (place.submission.dataset.fork ? fork(name, pairs, Number(priority)) : begin(name, pairs));
  const told = await answer.json();
  if (!answer.ok) return refused(told);
  if (Number(priority) && !place.submission.dataset.fork) await prefer(told.id, Number(priority));
  for (const each of texts) each.defaultValue = each.value;
  location.href = `/jobs/${told.id}`;
}

function begin(name, pairs) {
  const query = new URLSearchParams([...(name ? [["name", name]] : []), ...pairs.map((pair) => ["label", pair])]);
  return post(`/v1/jobs?${query}`, once());
}

// A fork is asked for in JSON, and so is its document written.
function fork(name, pairs, priority) {
  const { fork: parent, arm, age } = place.submission.dataset;
  const labels = Object.fromEntries(pairs.map((pair) => pair.split(/:(.*)/).slice(0, 2)));
  const asked = { arm: Number(arm), age_sp: Number(age), document: JSON.parse(place.document.value) };
  const about = { ...(name && { name }), ...(pairs.length && { labels }), ...(priority && { priority }) };
  const headers = { "Content-Type": "application/json", ...once() };
  return fetch(`/v1/jobs/${parent}/fork`, { method: "POST", headers, body: JSON.stringify({ ...asked, ...about }) });
}

function prefer(job, priority) {
  return fetch(`/v1/jobs/${job}`, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ priority }) });
}

function refused(problem) {
  place.refusal.textContent = words(problem);
  button.disabled = false;
}

function text(tag, words, kind = "") {
  return Object.assign(document.createElement(tag), { textContent: words, className: kind });
}
