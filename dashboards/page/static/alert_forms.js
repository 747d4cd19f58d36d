// The form that acknowledges an alert, and what all forms of alerts are made of. Errors are shown in the form, and nothing typed is lost.

import { send } from "./api.js";
import { el, write } from "./dom.js";

const NAME = "squall.name"; // the name of this browser's user

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

export function input(label, name, attributes = {}) {
  return el("label", {}, `${label} `, el("input", { name, maxlength: "200", autocomplete: "off", ...attributes }));
}

export const author = () => input("Your name", "author", { required: true, value: remembered(), autocomplete: "name" });

/** Make a button and the form that it opens. */
export function actionForm(title, fields, confirm, submit) {
  const problem = el("p", { class: "problem", role: "alert" });
  const act = el("button", { type: "submit" }, confirm);
  const cancel = el("button", { type: "button", class: "quiet" }, "Cancel");
  const buttons = el("div", { class: "buttons" }, act, cancel);
  const form = el("form", { class: "action", hidden: true, "aria-label": title }, ...fields, buttons, problem);
  const opener = el("button", { type: "button", "aria-expanded": "false" }, title);
  const show = (open) => {
    form.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) form.querySelector("input, select, textarea").focus();
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
