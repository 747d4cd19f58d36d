// The forms of an alert: acknowledge and silence. Errors are shown in the form, and nothing typed is lost.

import { send } from "./api.js";
import { el, write } from "./dom.js";

const NAME = "squall.name"; // the name of this browser's user
const SPANS = [["30", "30 minutes"], ["60", "1 hour"], ["120", "2 hours"], ["480", "8 hours"], ["1440", "1 day"], ["10080", "7 days"]];

const remembered = () => {
  try {
    return localStorage.getItem(NAME) || "";
  } catch {
    return ""; // storage is not available to this page
  }
};

function remember(name) {
  try {
    localStorage.setItem(NAME, name);
  } catch {
    // see above
  }
}

function input(label, name, attributes = {}) {
  return el("label", {}, `${label} `, el("input", { name, maxlength: "200", autocomplete: "off", ...attributes }));
}

const author = () => input("Your name", "author", { required: true, value: remembered(), autocomplete: "name" });

/** Make a button and the form that it opens. */
function actionForm(title, fields, confirm, submit) {
  const problem = el("p", { class: "problem", role: "alert" });
  const act = el("button", { type: "submit" }, confirm);
  const cancel = el("button", { type: "button", class: "quiet" }, "Cancel");
  const buttons = el("div", { class: "buttons" }, act, cancel);
  const form = el("form", { class: "action", hidden: true, "aria-label": title }, ...fields, buttons, problem);
  const opener = el("button", { type: "button", "aria-expanded": "false" }, title);
  const show = (open) => {
    form.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) form.querySelector("input, select").focus();
    else opener.focus();
  };
  opener.addEventListener("click", () => show(form.hidden));
  cancel.addEventListener("click", () => show(false));
  form.addEventListener("keydown", (event) => event.key === "Escape" && show(false));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
    act.disabled = true;
    write(problem, "");
    try {
      await submit(values);
      if (values.author) remember(values.author);
      show(false);
    } catch (error) {
      write(problem, `Not saved: ${error.message}`);
    } finally {
      act.disabled = false;
    }
  });
  return { opener, form };
}

/** Make the acknowledge form of an alert; `done(sentence)` is called when it is stored. */
export function acknowledgeForm(alert, done) {
  const fields = [author(), input("Note", "note", { class: "long", maxlength: "1000" })];
  return actionForm("Acknowledge", fields, "Acknowledge", async (values) => {
    await send("POST", `/api/alerts/${alert.id}/acknowledgement`, values);
    done(`${alert.topic}: acknowledged.`);
  });
}

/** Make the silence form of an alert, prefilled for its series. */
export function silenceForm(alert, done) {
  const options = SPANS.map(([minutes, label]) => el("option", { value: minutes, selected: minutes === "120" }, label));
  const fields = [
    input("Silence alerts that match", "matchers", { required: true, value: `topic=${alert.topic}`, class: "long", spellcheck: "false" }),
    el("label", {}, "For ", el("select", { name: "minutes" }, ...options)),
    author(),
    input("Reason", "reason", { required: true, class: "long", maxlength: "1000" }),
  ];
  return actionForm("Silence", fields, "Silence", async ({ matchers, minutes, ...rest }) => {
    await send("POST", "/api/silences", { matchers: [matchers], minutes: Number(minutes), ...rest });
    done(`${matchers}: silenced.`);
  });
}

/** End a silence now. */
export const endSilence = (id) => send("DELETE", `/api/silences/${id}`);
