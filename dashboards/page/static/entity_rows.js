// A row of a table of companies, sectors or other names: documents, negative ones, change, tone, and the gravest one.

import { el, write } from "./dom.js";
import { percent, signed, whole } from "./format.js";
import { fillGravest } from "./gravity.js";
import { urlState } from "./url_state.js";

/** Make the row of an entity; a click calls `chosen(entity)`. */
export function newRow({ entity }, chosen) {
  const labels = [el("span", { class: "name" }), el("span", { class: "ticker" }), el("span", { class: "mark" })];
  const button = el("button", { type: "button", "aria-pressed": "false" }, ...labels);
  button.addEventListener("click", () => chosen(entity));
  return el("tr", {}, el("th", { scope: "row" }, button), ...[0, 1, 2, 3].map(() => el("td", { class: "number" })), el("td", {}));
}

/** Standard deviations as "+2.3". */
const deviations = (value) => (Math.abs(value) < 0.05 ? "0" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`);

/** Show the counts of an entity, and whether it has an open alert. */
export function fillRow(node, row, alert = false) {
  const [docs, bad, change, tone, gravest] = node.querySelectorAll("td");
  write(node.querySelector(".name"), row.name);
  write(node.querySelector(".ticker"), row.symbols[0] || "");
  node.querySelector("button").title = row.symbols.length ? `${row.name} (${row.symbols.join(", ")})` : row.name;
  write(docs, whole(row.documents));
  write(bad, whole(row.negative));
  bad.title = row.documents ? `${percent(row.negative_share)} of the documents` : "";
  write(change, deviations(row.change));
  change.title = `${whole(row.negative)} negative, ${whole(row.negative_before)} in the ${urlState.hours} hours before`;
  write(tone, row.documents ? signed(row.mean_score) : "–");
  tone.dataset.sign = row.mean_score < 0 ? "negative" : "positive";
  fillGravest(gravest, row);
  write(node.querySelector(".mark"), alert ? "alert" : "");
}
