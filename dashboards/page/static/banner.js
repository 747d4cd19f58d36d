// The banner below the header: one sentence for each problem, the most important first.

import { $, el } from "./dom.js";
import { ago, seconds } from "./format.js";

const PRIORITY = ["connection", "store", "pipeline", "detector", "load"];
const problems = new Map(); // kind → sentence

function show(kind, sentence) {
  if ((problems.get(kind) || "") === sentence) return;
  if (sentence) problems.set(kind, sentence);
  else problems.delete(kind);
  const sentences = PRIORITY.filter((name) => problems.has(name)).map((name) => problems.get(name));
  $("banner").replaceChildren(...sentences.map((text) => el("p", {}, text)));
  $("banner").hidden = !sentences.length;
}

/** Say that the connection is lost; `lastUpdate` is the time of the last update, or null. */
export function showConnectionLost(lastUpdate) {
  const age = lastUpdate ? ` This page shows the state at ${seconds(lastUpdate)} UTC.` : "";
  show("connection", `The connection to Squall is lost; reconnecting.${age}`);
}

/** The connection is open again. */
export const clearConnectionLost = () => show("connection", "");

/** Say that the store does not answer, with the error as the server reported it. */
export const showStoreUnavailable = (detail) => show("store", `The store does not answer: ${detail}`);

/** The store answers again. */
export const clearStoreUnavailable = () => show("store", "");

/** Say which part of the page could not be loaded, and why. */
export const showLoadError = (part, message) => show("load", `Squall answers, but ${part} could not be loaded: ${message}`);

/** Everything is loaded. */
export const clearLoadError = () => show("load", "");

/** Say what has stopped, from the response of /api/health. */
export function showStopped({ now, pipeline, detector }) {
  show("pipeline", pipeline.state === "stopped" ? stoppedPipeline(now, pipeline) : "");
  show("detector", detector.state === "stopped" ? stoppedDetector(now, detector) : failedDetector(detector));
}

const stoppedPipeline = (now, { last_report_at: at }) =>
  `The pipeline has stopped: its last report was ${ago(now, at)}. New documents are neither scored nor stored.`;

const stoppedDetector = (now, { last_run_at: at }) =>
  `The detector has stopped: its last run was ${ago(now, at)}. Alerts do not change, and no notifications are sent.`;

const failedDetector = ({ error }) => (error ? `The detector's last run failed: ${error}` : "");
