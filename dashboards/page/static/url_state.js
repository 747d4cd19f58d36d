// What the page shows: series, time range, company and filters. They are in the address, so that a reload or a shared link restores them.

export const FILTERS = ["q", "topic", "sentiment", "source", "symbol", "kind", "language", "event"];
export const ALL_TOPICS = "All topics";
const RANGES = ["6", "24", "168", "672"];
const ORDERS = ["negative", "change", "volume", "gravest"];
const SORTS = ["newest", "gravest"];
const NAMES = ["companies", "sectors", "industries", "countries", "people", "all"];

const one = (values, value, otherwise) => (values.includes(value) ? value : otherwise);

const parameters = new URLSearchParams(location.search);

export const urlState = {
  series: (parameters.get("series") || ALL_TOPICS).slice(0, 200),
  hours: one(RANGES, parameters.get("hours"), "24"),
  entity: (parameters.get("entity") || "").slice(0, 500),
  members: parameters.get("members") === "true", // of the entity: what belongs to it, added up
  order: one(ORDERS, parameters.get("order"), "negative"),
  sort: one(SORTS, parameters.get("sort"), "newest"), // of the documents
  entitySort: one(SORTS, parameters.get("entity_sort"), "newest"), // of the entity's documents
  names: one(NAMES, parameters.get("names"), "companies"),
  alert: /^[0-9a-f]{32}$/.test(parameters.get("alert") || "") ? parameters.get("alert") : "", // that a message links to
  act: parameters.get("do") === "acknowledge" ? "acknowledge" : "", // what the link asks for; the form only opens
  filters: Object.fromEntries(FILTERS.map((name) => [name, (parameters.get(name) || "").slice(0, 200)])),
};

/** Apply `change` and write it to the address. */
export function updateUrl(change) {
  Object.assign(urlState, change);
  const entries = [
    ["series", urlState.series === ALL_TOPICS ? "" : urlState.series],
    ["hours", urlState.hours === "24" ? "" : urlState.hours],
    ["entity", urlState.entity],
    ["members", urlState.entity && urlState.members ? "true" : ""],
    ["order", urlState.order === "negative" ? "" : urlState.order],
    ["sort", urlState.sort === "newest" ? "" : urlState.sort],
    ["entity_sort", urlState.entitySort === "newest" ? "" : urlState.entitySort],
    ["names", urlState.names === "companies" ? "" : urlState.names],
    ["alert", urlState.alert],
    ...Object.entries(urlState.filters),
  ];
  const query = new URLSearchParams(entries.filter(([, value]) => value));
  history.replaceState(null, "", (query.size ? `?${query}` : location.pathname) + location.hash);
}
