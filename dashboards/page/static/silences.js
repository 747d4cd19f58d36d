// Silences: the form that makes one, with what it would match, and the list of those that have not ended.

import { actionForm, author, input } from "./alert_forms.js";
import { get, send } from "./api.js";
import { $, el, reconcile, write } from "./dom.js";
import { count, moment, whole } from "./format.js";

const SPANS = [["30", "30 minutes"], ["60", "1 hour"], ["120", "2 hours"], ["480", "8 hours"], ["1440", "1 day"], ["10080", "7 days"]];
const PREVIEW_MS = 400; // after the last key
const SHOWN = 5; // alerts that a preview names

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const quoted = (topic) => (/^[~"']|^\s|\s$/.test(topic) ? `"${topic}"` : topic);
const spans = (chosen) => SPANS.map(([minutes, label]) => el("option", { value: minutes, selected: minutes === chosen }, label));
const named = ({ topic, severity, state, opened_at: at }) => el("li", {}, `${topic}: ${severity}, ${state}, ${moment(at)} UTC`);

function alone({ matcher, matched, values, nearest }) {
  if (values.length) return `${matcher} by itself matches ${count(matched, "alert")}; it would match ${values.join("; ")}`;
  return `${matcher} matches nothing that is known${nearest.length ? `; nearest: ${nearest.join("; ")}` : ""}`;
}

/** Write what a silence would match into `place`. */
function showPreview(place, { open, past, tried, matchers }) {
  const found = [...open, ...past];
  if (!found.length) {
    const nothing = tried ? `Matches none of the last ${count(tried, "alert")}.` : "There are no alerts yet that it could match.";
    place.replaceChildren(el("p", { class: "warning" }, nothing), el("ul", {}, ...matchers.map((row) => el("li", {}, alone(row)))));
    return;
  }
  const more = found.length > SHOWN ? [el("li", {}, `and ${whole(found.length - SHOWN)} more`)] : [];
  const sentence = `Matches ${count(open.length, "open alert")} and ${whole(past.length)} resolved, of the last ${whole(tried)}:`;
  place.replaceChildren(el("p", {}, sentence), el("ul", {}, ...found.slice(0, SHOWN).map(named), ...more));
}

/** Make the silence form of an alert, prefilled for its series; `done(sentence)` is called when it is stored. */
export function silenceForm(alert, done) {
  const matchers = el("textarea", { name: "matchers", required: true, rows: "2", maxlength: "5000", class: "long", spellcheck: "false" });
  matchers.value = `topic=${quoted(alert.topic)}`;
  const preview = el("div", { class: "preview", "aria-live": "polite" });
  const hint =
    "One a line; all must match. = and != with * and ?, =~ and !~ with regular expressions. Labels: topic, kind, severity, test.";
  const fields = [
    el("label", {}, "Silence alerts that match ", matchers),
    el("p", { class: "hint" }, hint),
    el("label", {}, "From (UTC; empty: now) ", el("input", { name: "starts_at", type: "datetime-local" })),
    el("label", {}, "For ", el("select", { name: "minutes" }, ...spans("120"))),
    author(),
    input("Reason", "reason", { required: true, class: "long", maxlength: "1000" }),
    preview,
  ];
  const made = actionForm("Silence", fields, "Silence", async ({ matchers: text, minutes, starts_at: start, ...rest }) => {
    const from = start ? { starts_at: `${start}Z` } : {};
    await send("POST", "/api/silences", { matchers: lines(text), minutes: Number(minutes), ...from, ...rest });
    done(`${lines(text).join(" and ")}: silenced.`);
  });
  let waiting = 0;
  let asked = 0;
  const refresh = async () => {
    const number = (asked += 1);
    try {
      const found = lines(matchers.value).length ? await get("/api/silences/preview", { matcher: lines(matchers.value) }) : null;
      if (number !== asked) return; // a later one was asked for meanwhile
      if (found) showPreview(preview, found);
      else preview.replaceChildren();
    } catch (error) {
      if (number === asked) preview.replaceChildren(el("p", { class: "warning" }, error.message));
    }
  };
  matchers.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, PREVIEW_MS);
  });
  made.opener.addEventListener("click", () => made.form.hidden || refresh());
  return made;
}

function silenceRow(silence, changed) {
  const planned = new Date(silence.starts_at) > new Date();
  const end = el("button", { type: "button", class: "quiet" }, planned ? "Cancel silence" : "End now");
  const longer = el("select", { "aria-label": "Extend by" }, ...spans("60"));
  const extend = el("button", { type: "button", class: "quiet" }, "Extend");
  const problem = el("span", { class: "problem", role: "alert" });
  const act = (button, what, change) => button.addEventListener("click", async () => {
    button.disabled = true;
    write(problem, "");
    try {
      await change();
      changed();
    } catch (error) {
      write(problem, `The silence could not be ${what}: ${error.message}`);
    } finally {
      button.disabled = false;
    }
  });
  act(end, "ended", () => send("DELETE", `/api/silences/${silence.id}`));
  act(extend, "extended", () => send("PATCH", `/api/silences/${silence.id}`, { minutes: Number(longer.value) }));
  const why = [silence.author, silence.reason].filter(Boolean).join(": ");
  const from = planned ? `from ${moment(silence.starts_at)} ` : "";
  const what = ` ${silence.matchers.join(" and ")} ${from}until ${moment(silence.ends_at)} UTC (${why}) `;
  return el("p", {}, el("span", { class: "tag" }, planned ? "planned silence" : "silenced"), what, end, " ", longer, extend, problem);
}

/** Draw the response of /api/silences; `changed()` is called when one was changed. */
export function showSilences({ silences }, changed) {
  $("silences").hidden = !silences.length;
  const key = ({ id, starts_at: start, ends_at: end }) => `${id}${end}${new Date(start) > new Date()}`;
  reconcile($("silences"), silences, { key, create: (silence) => silenceRow(silence, changed) });
}
