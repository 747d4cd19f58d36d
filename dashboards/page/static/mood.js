// The table of topics: the totals of the heatmap's rows, and how the keyboard selects a topic.

import { $, el, reconcile, write } from "./dom.js";
import { date, moment, percent, signed, whole } from "./format.js";
import { fillGravest } from "./gravity.js";
import { ALL_TOPICS, urlState } from "./url_state.js";

const MOST_LANGUAGES = 5; // that are named

let order = [];
let shownHours = "";

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** What is gravest of all topics. */
function together(topics) {
  const read = topics.filter(({ gravest }) => gravest !== null);
  if (!read.length) return { gravest: null };
  const first = read.reduce((most, one) => (one.gravest > most.gravest ? one : most));
  return { ...first, mean_severity: null, grave: sum(read.map(({ grave }) => grave)) };
}

/** Convert the response of /api/mood into rows, with a row for all topics on top. */
function rowsOf(mood) {
  const rows = mood.topics.map((name, at) => (
    { name, negative: mood.negative[at], total: mood.total[at], net: mood.net[at], gravity: mood.gravest[at] }
  ));
  const columns = mood.times.map((_, at) => {
    const total = sum(rows.map((row) => row.total[at]));
    const balance = sum(rows.map((row) => (row.net[at] || 0) * row.total[at]));
    return { negative: sum(rows.map((row) => row.negative[at])), total, net: total ? balance / total : null };
  });
  const pick = (field) => columns.map((column) => column[field]);
  const all = { name: ALL_TOPICS, negative: pick("negative"), total: pick("total"), net: pick("net"), gravity: together(mood.gravest) };
  return [all, ...rows];
}

/** Keep the order of the rows, so that nothing moves while the reader is about to click; a new time range sorts them again. */
function inOrder(rows) {
  if (shownHours !== urlState.hours) order = [];
  shownHours = urlState.hours;
  const names = rows.map((row) => row.name);
  order = [...order.filter((name) => names.includes(name)), ...names.filter((name) => !order.includes(name))];
  return order.map((name) => rows[names.indexOf(name)]);
}

function newRow({ name }, chosen) {
  const labels = [el("span", { class: "name" }, name), el("span", { class: "mark" })];
  const button = el("button", { type: "button", "aria-pressed": "false" }, ...labels);
  button.addEventListener("click", () => chosen(name));
  const numbers = [0, 1, 2, 3].map(() => el("td", { class: "number" }));
  return el("tr", {}, el("th", { scope: "row" }, button), ...numbers, el("td", {}));
}

function fillRow(node, row, alerts) {
  const total = sum(row.total);
  const negative = sum(row.negative);
  const balance = sum(row.net.map((net, at) => (net || 0) * row.total[at]));
  const [docs, bad, share, net, gravest] = node.querySelectorAll("td");
  write(docs, whole(total));
  write(bad, whole(negative));
  write(share, total ? percent(negative / total) : "–");
  write(net, total ? signed(balance / total) : "–");
  net.dataset.sign = balance < 0 ? "negative" : "positive";
  fillGravest(gravest, row.gravity);
  const open = alerts.get(row.name);
  write(node.querySelector(".mark"), open ? "alert" : "");
  node.querySelector(".mark").title = open ? `open alert, ${open}` : "";
}

/** "1,204 documents in other languages are not scored: de 800, fr 404", or nothing. */
function unscoredText(languages) {
  const total = sum(languages.map(({ documents }) => documents));
  if (!total) return "";
  const named = languages.slice(0, MOST_LANGUAGES).map(({ language, documents }) => `${language} ${whole(documents)}`);
  const others = languages.length > MOST_LANGUAGES ? `, ${languages.length - MOST_LANGUAGES} more` : "";
  const what = total === 1 ? "document in another language is" : "documents in other languages are";
  return `${whole(total)} ${what} not scored: ${named.join(", ")}${others}`;
}

/** Draw the table; return its rows in the order shown, for the heatmap. */
export function showMood(mood, alerts, chosen) {
  const rows = inOrder(rowsOf(mood));
  reconcile($("topics"), rows, {
    key: (row) => row.name,
    create: (row) => newRow(row, chosen),
    update: (node, row) => fillRow(node, row, alerts),
  });
  const far = urlState.hours > 24;
  write($("mood-span"), mood.start ? `${moment(mood.start)} – ${far ? date(mood.end) : moment(mood.end)} UTC` : "");
  const unscored = unscoredText(mood.unscored);
  write($("unscored"), unscored);
  $("unscored").hidden = !unscored;
  markTopic();
  return rows;
}

/** Mark the selected topic. */
export function markTopic() {
  for (const row of $("topics").children) {
    row.querySelector("button").setAttribute("aria-pressed", String(row.dataset.key === urlState.series));
  }
}
