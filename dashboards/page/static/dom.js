// Elements made from data. Text from documents is untrusted: it becomes text nodes only, and links only if they are http or https.

export const $ = (id) => document.getElementById(id);

/** Make an element; attributes that are null, undefined or false are omitted, and `true` gives an empty one. */
export function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Make a link that opens in a new tab, or plain text if the URL is not a web address. `text` may be a list of strings and elements. */
export function link(url, text, className) {
  const parts = [].concat(text);
  let target = null;
  try {
    target = new URL(url);
  } catch {
    return el("span", { class: className }, ...parts);
  }
  if (target.protocol !== "http:" && target.protocol !== "https:") return el("span", { class: className }, ...parts);
  return el("a", { class: className, href: target.href, target: "_blank", rel: "noopener noreferrer" }, ...parts);
}

/** Write text only if it differs, so that selections and screen readers are not disturbed. */
export function write(node, text) {
  const value = String(text);
  if (node.textContent !== value) node.textContent = value;
}

/**
 * Make the children of `parent` match `items`, in order: one node per key, reused and updated.
 * The focused element keeps the focus, even if its node moves.
 */
export function reconcile(parent, items, { key, create, update }) {
  const existing = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = existing.get(name);
    if (node) {
      existing.delete(name);
    } else {
      node = create(item);
      node.dataset.key = name;
    }
    if (update) update(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of existing.values()) node.remove();
  if (focused && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

/** Fill a select with `values`; the selected value stays even if it is no longer among them. */
export function offer(select, all, values, labels = {}) {
  const chosen = select.value;
  const names = chosen && !values.includes(chosen) ? [...values, chosen] : values;
  const wanted = JSON.stringify(names);
  if (select.dataset.offered === wanted || document.activeElement === select) return; // never while the reader is choosing
  select.dataset.offered = wanted;
  const options = names.map((name) => el("option", { value: name }, labels[name] || name));
  select.replaceChildren(el("option", { value: "" }, all), ...options);
  select.value = chosen;
}

/** Select `value`; add it as an option if it is missing. */
export function choose(select, value) {
  if (value && ![...select.options].some((option) => option.value === value)) {
    select.append(el("option", { value }, value));
    delete select.dataset.offered;
  }
  select.value = value;
}
