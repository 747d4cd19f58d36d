// The filters of the document stream: selects and a search field. Their values are stored in the address.

import { startOrder } from "./document_order.js";
import { $, choose, offer } from "./dom.js";
import { FILTERS, updateUrl, urlState } from "./url_state.js";

const TYPING_MS = 300;
const form = $("filters");
const field = (name) => form.elements.namedItem(name);

const ALL = "all";

/** Fill the selects with the response of /api/filters. */
export function offerFilters({ topics, sources, symbols, languages, events }) {
  offer(field("topic"), ALL, [...topics].sort());
  offer(field("source"), ALL, sources);
  offer(field("symbol"), ALL, symbols);
  offer(field("language"), ALL, languages, { und: "unknown" });
  const labels = Object.fromEntries(events.map(({ name, label }) => [name, label]));
  offer(field("event"), ALL, events.map(({ name }) => name), labels);
}

function fill() {
  for (const name of FILTERS) {
    if (name === "q") field(name).value = urlState.filters[name];
    else choose(field(name), urlState.filters[name]);
  }
  $("clear").hidden = !Object.values(urlState.filters).some(Boolean);
}

/** Set filters from another part of the page; filters that are not named are cleared. */
export function setFilters(filters, changed) {
  updateUrl({ filters: Object.fromEntries(FILTERS.map((name) => [name, filters[name] || ""])) });
  fill();
  changed();
}

/** Listen to the form; `changed()` is called when `urlState.filters` or the order has changed. */
export function startFilters(changed) {
  offer(field("sentiment"), ALL, ["negative", "neutral", "positive"]);
  offer(field("kind"), ALL, ["news", "social"]);
  for (const name of ["topic", "source", "symbol", "language", "event"]) offer(field(name), ALL, []);
  fill();
  startOrder(field("sort"), "sort", changed);
  let typing = null;
  const apply = () => {
    clearTimeout(typing);
    const filters = Object.fromEntries(FILTERS.map((name) => [name, field(name).value.trim()]));
    if (JSON.stringify(filters) === JSON.stringify(urlState.filters)) return;
    updateUrl({ filters });
    $("clear").hidden = !Object.values(filters).some(Boolean);
    changed();
  };
  form.addEventListener("input", (event) => {
    clearTimeout(typing);
    if (event.target.name === "q") typing = setTimeout(apply, TYPING_MS);
    else apply();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  $("clear").addEventListener("click", () => {
    setFilters({}, changed);
    field("q").focus();
  });
}
