// The JSON API: what it answers, or an error in words.

const TIMEOUT_MS = 20000;

/** An answer that is not a success. `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function words(detail) {
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return "";
  return detail.map(({ loc, msg }) => `${(loc || []).slice(1).join(" ")}: ${msg}`).join("; ");
}

async function ask(path, options = {}) {
  let answer;
  let body = null;
  try {
    answer = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
    body = answer.headers.get("content-type")?.includes("json") ? await answer.json() : null;
  } catch {
    throw new ApiError(0, "Squall does not answer");
  }
  if (!answer.ok) throw new ApiError(answer.status, words(body?.detail) || `the server answered ${answer.status}`);
  return body;
}

/** GET `path` with `parameters`; empty ones are left out. */
export function get(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value !== null));
  return ask(query.size ? `${path}?${query}` : path);
}

/** Change something: JSON there, JSON back. */
export function send(method, path, body = {}) {
  return ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}
