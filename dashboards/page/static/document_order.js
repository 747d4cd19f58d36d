// Newest or gravest first: what lists of documents are ordered by. Each list has its choice in the address.

import { updateUrl, urlState } from "./url_state.js";

/** Whether the list whose order is `urlState[name]` has the gravest first. */
export const gravestFirst = (name) => urlState[name] === "gravest";

/** What to ask the server for, so that it answers in this order. */
export const orderAsked = (name) => (gravestFirst(name) ? { order: "gravest", hours: urlState.hours } : {});

/** Let `select` choose the order; `changed()` is called after a choice. */
export function startOrder(select, name, changed) {
  select.value = urlState[name];
  select.addEventListener("change", () => {
    updateUrl({ [name]: select.value });
    changed();
  });
}
