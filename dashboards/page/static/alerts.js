// Alerts: open ones first, then past ones. A card keeps its element for as long as it is listed, so that what is open, typed or
// focused in it stays when anything changes.

import { acknowledgeForm, endSilence, silenceForm } from "./alert_forms.js";
import { get } from "./api.js";
import { $, el, reconcile, write } from "./dom.js";
import { documentRow } from "./documents.js";
import { count, fully, moment, percent, some, whole } from "./format.js";

const PAST = 8;
const cards = new Map(); // id → what can be brought up to date in its card
let wantedPast = PAST;
let answer = { alerts: [] };
let handlers = { changed: () => {}, choose: () => {} };

const isOpen = (alert) => alert.state !== "resolved";
const minutes = (alert) => Math.round((new Date(alert.window_end) - new Date(alert.window_start)) / 60000);

function size(alert) {
  if (alert.test === "no data") return `${whole(alert.observed)} documents in ${minutes(alert)} min, ${some(alert.expected)} expected`;
  const usual = alert.expected_high > 0 ? ` (90%: ${some(alert.expected_low)} to ${some(alert.expected_high)})` : "";
  return `${whole(alert.observed)} negative in ${minutes(alert)} min, ${some(alert.expected)} expected${usual}`;
}

const share = (alert) =>
  (alert.test === "no data" ? "" : `${percent(alert.negative_share)} of its documents negative, ${percent(alert.expected_share)} expected`);

function when(alert) {
  const since = alert.fired_at || alert.opened_at;
  return alert.resolved_at ? `${moment(since)} – ${moment(alert.resolved_at)} UTC` : `since ${moment(since)} UTC`;
}

function tags(alert) {
  const made = [];
  if (alert.acknowledged) {
    const { author, note, at } = alert.acknowledged;
    made.push(el("span", { class: "tag", title: `${fully(at)}${note ? `: ${note}` : ""}` }, `acknowledged by ${author}`));
  }
  if (alert.silenced_until) made.push(el("span", { class: "tag" }, `silenced until ${moment(alert.silenced_until)} UTC`));
  return made;
}

function said({ acknowledged }) {
  if (!acknowledged) return "";
  const { author, note, at } = acknowledged;
  return `Acknowledged by ${author}, ${fully(at)}${note ? `: ${note}` : "."}`;
}

function toldOf({ receiver, reason, status, updated_at: at, last_error: error }) {
  return `${receiver}: ${reason}, ${status} ${fully(at)}${error && status !== "sent" ? ` (${error})` : ""}`;
}

function newCard(alert) {
  const parts = {
    alert,
    chip: el("span", { class: "chip" }),
    facts: el("span", { class: "tags" }),
    size: el("p", { class: "size" }),
    when: el("span", { class: "when" }),
    note: el("p", { class: "note" }),
    explanation: el("div", { class: "explanation" }),
    documents: el("ol", { class: "drivers" }),
    told: el("ul", { class: "told" }),
    trouble: el("p", { class: "problem", role: "alert" }),
    tagged: "",
  };
  const details = el("div", { class: "details", id: `details-${alert.id}`, hidden: true });
  const attributes = { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": details.id };
  const toggle = el("button", attributes, el("strong", {}, alert.topic));
  const done = (sentence) => {
    write($("said"), sentence);
    handlers.changed();
  };
  const acknowledge = acknowledgeForm(alert, done);
  const silence = silenceForm(alert, done);
  const chart = el("button", { type: "button", class: "quiet", hidden: alert.kind === "source" }, "Show in the chart");
  chart.addEventListener("click", () => handlers.choose(alert.topic));
  details.append(
    parts.note, parts.explanation, parts.trouble, el("div", { class: "buttons" }, acknowledge.opener, silence.opener, chart),
    acknowledge.form, silence.form, el("h3", {}, "What drove it"), parts.documents, el("h3", {}, "Who was told"), parts.told,
  );
  toggle.addEventListener("click", () => {
    details.hidden = !details.hidden;
    toggle.setAttribute("aria-expanded", String(!details.hidden));
    if (!details.hidden) fill(parts);
  });
  parts.details = details;
  cards.set(alert.id, parts);
  const head = el("div", { class: "line" }, parts.chip, toggle, parts.facts, parts.when);
  return el("article", { class: "alert" }, head, parts.size, details);
}

function updateCard(node, alert) {
  const parts = cards.get(alert.id);
  const changed = JSON.stringify(parts.alert) !== JSON.stringify(alert);
  parts.alert = alert;
  node.dataset.state = alert.state;
  node.dataset.severity = alert.severity;
  parts.chip.className = `chip ${isOpen(alert) ? alert.severity : "resolved"}`;
  write(parts.chip, isOpen(alert) ? (alert.state === "pending" ? "pending" : alert.severity) : "resolved");
  write(parts.size, [size(alert), share(alert)].filter(Boolean).join("; "));
  write(parts.when, when(alert));
  write(parts.note, said(alert));
  const wanted = tags(alert);
  const tagged = wanted.map((tag) => tag.textContent).join();
  if (tagged !== parts.tagged) parts.facts.replaceChildren(...wanted);
  parts.tagged = tagged;
  if (changed && !parts.details.hidden) fill(parts);
}

async function fill(parts) {
  try {
    const { explanation, documents, told } = await get(`/api/alerts/${parts.alert.id}`);
    reconcile(parts.explanation, explanation, { key: (sentence) => sentence, create: (sentence) => el("p", {}, sentence) });
    reconcile(parts.documents, documents, { key: (row) => row.id, create: documentRow });
    parts.documents.previousElementSibling.hidden = !documents.length;
    reconcile(parts.told, told, { key: (row) => row.id + row.updated_at, create: (row) => el("li", {}, toldOf(row)) });
    parts.told.previousElementSibling.hidden = !told.length;
    write(parts.trouble, "");
  } catch (error) {
    write(parts.trouble, `Its details could not be loaded: ${error.message}`);
  }
}

/** Which series have an open alert, and how severe: for the marks in the table of topics. */
export function openAlerts() {
  return new Map(answer.alerts.filter(isOpen).reverse().map((alert) => [alert.topic, alert.severity]));
}

function draw() {
  const shape = { key: (alert) => alert.id, create: newCard, update: updateCard };
  const open = answer.alerts.filter(isOpen);
  const past = answer.alerts.filter((alert) => !isOpen(alert));
  // an open one that is resolved moves to the other list: with its card, not as a new one
  for (const alert of past.slice(0, wantedPast)) adopt(alert.id, $("alerts-past"));
  for (const alert of open) adopt(alert.id, $("alerts-open"));
  reconcile($("alerts-open"), open, shape);
  reconcile($("alerts-past"), past.slice(0, wantedPast), shape);
  write($("alerts-count"), `${open.length ? `${open.length} open` : "none open"}, ${past.length} past`);
  $("past-more").hidden = past.length <= wantedPast;
  write($("past-more"), `Show ${past.length - wantedPast} older ones`);
  const firing = open.filter((alert) => alert.state === "firing").length;
  $("open-alerts").hidden = !firing;
  write($("open-alerts"), count(firing, "open alert"));
  document.title = firing ? `(${firing}) Squall` : "Squall";
  for (const id of cards.keys()) if (!answer.alerts.some((alert) => alert.id === id)) cards.delete(id);
}

function adopt(id, parent) {
  const details = cards.get(id)?.details;
  const card = details?.closest(".alert");
  if (!card || card.parentElement === parent) return;
  const focused = card.contains(document.activeElement) ? document.activeElement : null;
  parent.append(card);
  focused?.focus({ preventScroll: true });
}

function silenceRow(silence) {
  const end = el("button", { type: "button", class: "quiet" }, "End now");
  const problem = el("span", { class: "problem", role: "alert" });
  end.addEventListener("click", async () => {
    end.disabled = true;
    try {
      await endSilence(silence.id);
      handlers.changed();
    } catch (error) {
      write(problem, `Not done: ${error.message}`);
      end.disabled = false;
    }
  });
  const why = [silence.author, silence.reason].filter(Boolean).join(": ");
  const what = ` ${silence.matchers.join(" and ")} until ${moment(silence.ends_at)} UTC (${why}) `;
  return el("p", {}, el("span", { class: "tag" }, "silenced"), what, end, problem);
}

/** Draw what /api/alerts and /api/silences answered. */
export function showAlerts(alerts, silences) {
  answer = alerts;
  draw();
  $("silences").hidden = !silences.silences.length;
  reconcile($("silences"), silences.silences, { key: (silence) => silence.id + silence.ends_at, create: silenceRow });
}

/** `changed()` is called when an alert or a silence was changed here, `choose(series)` when one is to be drawn. */
export function startAlerts(given) {
  handlers = given;
  $("past-more").addEventListener("click", () => {
    const first = wantedPast;
    wantedPast += 4 * PAST;
    draw();
    $("alerts-past").children[first]?.querySelector("button").focus();
  });
}
