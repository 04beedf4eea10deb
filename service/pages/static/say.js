// One sentence: for screen readers alone, or for everybody, at the foot of the window for a while.
const SHOWN_MS = 8000;
let later = null;

export function say(words) {
  clearTimeout(later);
  show(words, "unseen");
}

export function tell(words) {
  clearTimeout(later);
  show(words, "notice");
  later = setTimeout(() => show("", "unseen"), SHOWN_MS);
}

// What a problem of the service says, in one sentence.
export const words = (problem) => [problem.detail, ...(problem.errors ?? []).map((each) => each.message)].join(" ");

function show(words, kind) {
  Object.assign(document.getElementById("said"), { textContent: words, className: kind });
}
