// What the page shows: series, time range and filters. They are stored in the address, so that a reload or a shared link restores them.

export const FILTERS = ["q", "topic", "sentiment", "source", "symbol", "kind", "language"];
export const ALL_TOPICS = "All topics";
const RANGES = ["6", "24", "168", "672"];

const parameters = new URLSearchParams(location.search);

export const urlState = {
  series: parameters.get("series") || ALL_TOPICS,
  hours: RANGES.includes(parameters.get("hours")) ? parameters.get("hours") : "24",
  filters: Object.fromEntries(FILTERS.map((name) => [name, (parameters.get(name) || "").slice(0, 200)])),
};

/** Apply `change` and write it to the address. */
export function updateUrl(change) {
  Object.assign(urlState, change);
  const entries = [
    ["series", urlState.series === ALL_TOPICS ? "" : urlState.series],
    ["hours", urlState.hours === "24" ? "" : urlState.hours],
    ...Object.entries(urlState.filters),
  ];
  const query = new URLSearchParams(entries.filter(([, value]) => value));
  history.replaceState(null, "", (query.size ? `?${query}` : location.pathname) + location.hash);
}
