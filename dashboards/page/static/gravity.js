// How grave what happened is, as a word, and what happened, as chips. Words and labels come with the documents.

import { el } from "./dom.js";
import { percent } from "./format.js";

const ADVERSE = 0.125; // below it the nearest grade is "nothing adverse", which needs no chip

/** Make the chip of a severity, null where there is none or nothing adverse. */
export function severityChip({ severity, severity_word: word }) {
  if (severity === null || severity === undefined || severity < ADVERSE) return null;
  return el("span", { class: `chip ${word}`, title: `severity ${severity.toFixed(2)}, from 0 to 1` }, word);
}

/** Make the chips of what happened, likeliest first; of what happened to a company, no probability is kept. */
export function eventChips({ events = [] }) {
  const title = ({ label, probability }) => (probability === undefined ? null : `${label}: ${percent(probability)}`);
  return events.map((event) => el("span", { class: "what", title: title(event) }, event.label));
}

/** Show in a cell how grave the gravest document is. */
export function fillGravest(cell, { gravest, gravest_word: word, mean_severity: mean, grave }) {
  const none = gravest === null || gravest === undefined;
  const shown = none || gravest < ADVERSE ? "–" : word;
  if (cell.textContent !== shown) cell.textContent = shown;
  cell.title = none ? "" : `gravest ${gravest.toFixed(2)}${mean === null ? "" : `, mean ${mean.toFixed(2)}`}; ${grave} serious or graver`;
  cell.className = `gravest ${shown}`;
}
