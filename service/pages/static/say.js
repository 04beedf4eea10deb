// One sentence for everybody, and for screen readers at once.
export function say(words) {
  document.getElementById("said").textContent = words;
}
