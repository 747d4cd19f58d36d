// Where the reader is: series, range and filters, kept in the address so that a reload or a shared link leads there again.

export const FILTERS = ["q", "topic", "sentiment", "source", "symbol", "kind", "language"];
export const ALL_TOPICS = "All topics";
const RANGES = ["6", "24", "168", "672"];

const asked = new URLSearchParams(location.search);

export const place = {
  series: asked.get("series") || ALL_TOPICS,
  hours: RANGES.includes(asked.get("hours")) ? asked.get("hours") : "24",
  filters: Object.fromEntries(FILTERS.map((name) => [name, (asked.get(name) || "").slice(0, 200)])),
};

/** Take over `change` and write it into the address. */
export function move(change) {
  Object.assign(place, change);
  const entries = [
    ["series", place.series === ALL_TOPICS ? "" : place.series],
    ["hours", place.hours === "24" ? "" : place.hours],
    ...Object.entries(place.filters),
  ];
  const query = new URLSearchParams(entries.filter(([, value]) => value));
  history.replaceState(null, "", (query.size ? `?${query}` : location.pathname) + location.hash);
}
