// The filters of the stream: selects and a search, kept in the address.

import { $, choose, offer } from "./dom.js";
import { FILTERS, move, place } from "./place.js";

const TYPING_MS = 300;
const form = $("filters");
const field = (name) => form.elements.namedItem(name);

const ALL = "all";

/** Offer what /api/filters answered. */
export function offerFilters({ topics, sources, symbols, languages }) {
  offer(field("topic"), ALL, [...topics].sort());
  offer(field("source"), ALL, sources);
  offer(field("symbol"), ALL, symbols);
  offer(field("language"), ALL, languages, { und: "unknown" });
}

function fill() {
  for (const name of FILTERS) {
    if (name === "q") field(name).value = place.filters[name];
    else choose(field(name), place.filters[name]);
  }
  $("clear").hidden = !Object.values(place.filters).some(Boolean);
}

/** Set filters from elsewhere; those that are not named are cleared. */
export function setFilters(filters, changed) {
  move({ filters: Object.fromEntries(FILTERS.map((name) => [name, filters[name] || ""])) });
  fill();
  changed();
}

/** Listen to the form; `changed()` is called when `place.filters` has become another. */
export function startFilters(changed) {
  offer(field("sentiment"), ALL, ["negative", "neutral", "positive"]);
  offer(field("kind"), ALL, ["news", "social"]);
  for (const name of ["topic", "source", "symbol", "language"]) offer(field(name), ALL, []);
  fill();
  let typing = null;
  const take = () => {
    clearTimeout(typing);
    const filters = Object.fromEntries(FILTERS.map((name) => [name, field(name).value.trim()]));
    if (JSON.stringify(filters) === JSON.stringify(place.filters)) return;
    move({ filters });
    $("clear").hidden = !Object.values(filters).some(Boolean);
    changed();
  };
  form.addEventListener("input", (event) => {
    clearTimeout(typing);
    if (event.target.name === "q") typing = setTimeout(take, TYPING_MS);
    else take();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take();
  });
  $("clear").addEventListener("click", () => {
    setFilters({}, changed);
    field("q").focus();
  });
}
