// Every page: keyboard, forms that send themselves, parts that are fetched when they come into sight, what is live.
import { bindKeys } from "./keys.js";
import { follow } from "./live.js";
import { controls } from "./controls.js";
import { watchFigures } from "./plots.js";
import { lastValues } from "./last.js";
import { searches } from "./searches.js";
import { verbs } from "./verbs.js";

document.documentElement.classList.add("js");

for (const control of document.querySelectorAll("[data-submits]")) {
  control.addEventListener("change", () => control.form.requestSubmit());
}

export function include(place) {
  const seen = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    place.dataset.included = "";
    await fill(place);
  }, { rootMargin: "300px" });
  seen.observe(place);
}

async function fill(place) {
  const source = new URL(place.dataset.include, location);
  source.searchParams.set("bare", "1");
  const answer = await fetch(source, { cache: "no-cache" });
  if (!answer.ok || answer.headers.get("ETag") === place.dataset.etag) return;
  place.dataset.etag = answer.headers.get("ETag");
  const open = [...place.querySelectorAll("details")].map((each) => each.open);
  const figures = [...place.querySelectorAll(".plot")];
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
  [...fresh.querySelectorAll(".plot")].forEach((plot, index) => figures[index] && plot.replaceWith(figures[index]));
  place.replaceChildren(...fresh.childNodes);
  [...place.querySelectorAll("details")].forEach((each, index) => { if (index in open) each.open = open[index]; });
  watchFigures(place);
}

document.querySelectorAll("[data-include]").forEach(include);
addEventListener("ontogeny:changed", () => document.querySelectorAll("[data-included]").forEach(fill));

bindKeys();
controls();
verbs();
searches();
watchFigures(document);
lastValues();
follow();
