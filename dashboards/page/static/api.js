// Requests to the JSON API.

const TIMEOUT_MS = 20000;

/** A request that failed. `status` is 0 if there was no response. */
export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

function message(detail) {
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return "";
  return detail.map(({ loc, msg }) => `${(loc || []).slice(1).join(" ")}: ${msg}`).join("; ");
}

async function request(path, options = {}) {
  let response;
  let body = null;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
    body = response.headers.get("content-type")?.includes("json") ? await response.json() : null;
  } catch {
    throw new ApiError(0, "Squall does not answer");
  }
  if (!response.ok) throw new ApiError(response.status, message(body?.detail) || `the server returned status ${response.status}`);
  return body;
}

/** GET `path` with `parameters`; empty ones are omitted, each value of a list is sent. */
export function get(path, parameters = {}) {
  const values = Object.entries(parameters).flatMap(([name, value]) => [].concat(value).map((each) => [name, each]));
  const query = new URLSearchParams(values.filter(([, value]) => value !== "" && value !== null));
  return request(query.size ? `${path}?${query}` : path);
}

/** Send a change as JSON; return the JSON response. */
export function send(method, path, body = {}) {
  return request(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}
