// The strip at the top: how the pipeline does, and in words what has stopped.

import { $, el, write } from "./dom.js";
import { count, duration, fully, moment, seconds, some, whole } from "./format.js";

const troubles = new Map(); // what → the sentence that says so; the order is that of weight
const WEIGHT = ["connection", "store", "pipeline", "detector", "load"];
const REPLAY_SECONDS = 86400;
let lastHeard = null;

/** Say `sentence` in the banner until it is taken back with an empty one. */
export function say(what, sentence) {
  if ((troubles.get(what) || "") === sentence) return;
  if (sentence) troubles.set(what, sentence);
  else troubles.delete(what);
  const sentences = WEIGHT.filter((name) => troubles.has(name)).map((name) => troubles.get(name));
  $("banner").replaceChildren(...sentences.map((text) => el("p", {}, text)));
  $("banner").hidden = !sentences.length;
}

function state(id, name, label = name) {
  $(id).dataset.state = name;
  write($(id), label);
}

/** The connection is "live", "lost" or (before anything came) "connecting". */
export function connection(name) {
  state("connection", name);
  document.body.classList.toggle("stale", name === "lost");
  const since = lastHeard ? ` What you see is from ${seconds(lastHeard)} UTC.` : "";
  say("connection", name === "lost" ? `The connection to Squall is lost; trying again.${since}` : "");
}

const age = (now, then) => Math.max(0, (new Date(now) - new Date(then)) / 1000);
const ago = (now, then) => `${fully(then)}, ${duration(age(now, then))} ago`;

function stoppedPipeline({ now, pipeline }) {
  if (pipeline.state !== "stopped") return "";
  return `The pipeline has stopped: its last report is from ${ago(now, pipeline.last_report_at)}. `
    + "New documents are neither scored nor stored.";
}

function stoppedDetector({ now, detector }) {
  if (detector.state === "stopped") {
    return `The detector has stopped: its last run was ${ago(now, detector.last_run_at)}. Alerts do not change, and no mails are sent.`;
  }
  return detector.error ? `The detector's last run failed: ${detector.error}` : "";
}

/** From publication; in a replay, whose texts are old when they come, from collection. */
function showLatency(pipeline) {
  const replay = pipeline.published_p50 > REPLAY_SECONDS;
  const [p50, p99] = replay ? [pipeline.collected_p50, pipeline.collected_p99] : [pipeline.published_p50, pipeline.published_p99];
  write($("latency-since"), replay ? "Collected → stored" : "Published → stored");
  write($("latency"), p50 === null ? "–" : `p50 ${duration(p50)} · p99 ${duration(p99)}`);
}

/** Show what `/api/health` answered. */
export function show(health) {
  const { now, pipeline, detector, last_document: last } = health;
  lastHeard = now;
  write($("rate"), pipeline.state === "unknown" ? "–" : `${some(pipeline.rate_per_second)}/s`);
  showLatency(pipeline);
  write($("lag"), pipeline.lag === null ? "–" : whole(pipeline.lag));
  write($("last"), last ? `${duration(age(now, last.stored_at))} ago · ${moment(last.published_at)}` : "none");
  $("last").title = last ? `stored ${fully(last.stored_at)}, published ${fully(last.published_at)}` : "";
  const noReports = (name) => (name === "unknown" ? "no reports" : name);
  state("pipeline", pipeline.state, noReports(pipeline.state));
  state("detector", detector.state, noReports(detector.state));
  $("pipeline").title = `${count(pipeline.workers, "worker")}; ${count(pipeline.duplicates, "duplicate")}, ${pipeline.rejected} rejected`;
  $("detector").title = detector.evaluated_until ? `evaluated until ${fully(detector.evaluated_until)}` : "";
  say("pipeline", stoppedPipeline(health));
  say("detector", stoppedDetector(health));
}
