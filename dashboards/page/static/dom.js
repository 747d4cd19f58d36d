// Elements made from data. Text from documents is hostile: it only ever becomes text nodes, and links only when they are http or https.

export const $ = (id) => document.getElementById(id);

/** Make an element; attributes that are null, undefined or false are left out, `true` gives an empty one. */
export function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Make a link that opens elsewhere, or plain text when the address is not one of the web. */
export function link(url, text, className) {
  let target = null;
  try {
    target = new URL(url);
  } catch {
    return el("span", { class: className }, text);
  }
  if (target.protocol !== "http:" && target.protocol !== "https:") return el("span", { class: className }, text);
  return el("a", { class: className, href: target.href, target: "_blank", rel: "noopener noreferrer" }, text);
}

/** Write text only where it differs, so that selections and screen readers are left alone. */
export function write(node, text) {
  const value = String(text);
  if (node.textContent !== value) node.textContent = value;
}

/**
 * Make the children of `parent` those of `items`, in their order: one node per key, kept from the last time and brought up to date.
 * Whatever had the focus keeps it, also when its node had to move.
 */
export function reconcile(parent, items, { key, create, update }) {
  const kept = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let node = kept.get(name);
    if (node) {
      kept.delete(name);
    } else {
      node = create(item);
      node.dataset.key = name;
    }
    if (update) update(node, item);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of kept.values()) node.remove();
  if (focused && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
}

/** Offer `values` in a select, keeping what is chosen even when it is no longer among them. */
export function offer(select, all, values, labels = {}) {
  const chosen = select.value;
  const names = chosen && !values.includes(chosen) ? [...values, chosen] : values;
  const wanted = JSON.stringify(names);
  if (select.dataset.offered === wanted || document.activeElement === select) return; // never under a hand that is choosing
  select.dataset.offered = wanted;
  const options = names.map((name) => el("option", { value: name }, labels[name] || name));
  select.replaceChildren(el("option", { value: "" }, all), ...options);
  select.value = chosen;
}

/** Choose `value`, offering it when it was not on offer. */
export function choose(select, value) {
  if (value && ![...select.options].some((option) => option.value === value)) {
    select.append(el("option", { value }, value));
    delete select.dataset.offered;
  }
  select.value = value;
}
