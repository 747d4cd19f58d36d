// Numbers and times as text. All times are UTC, as in the API.

const counts = new Intl.NumberFormat("en");
const percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];

export const whole = (value) => counts.format(value);
export const percent = (value) => percents.format(value);

/** An expected number of documents, or a rate: one decimal while it is small. */
export const some = (value) => (value < 10 ? (Math.round(value * 10) / 10).toString() : whole(Math.round(value)));

/** A net sentiment in [−1, 1] with its sign. */
export function signed(value) {
  const digits = Math.abs(value).toFixed(2);
  if (digits === "0.00") return digits;
  return (value < 0 ? "−" : "+") + digits;
}

/** Seconds as "0.42 s", "12 s", "5 min", "3 h", "2 d". */
export function duration(seconds) {
  const unit = UNITS.find(([length]) => seconds >= 2 * length);
  if (unit) return `${Math.round(seconds / unit[0])} ${unit[1]}`;
  return `${seconds < 10 ? seconds.toFixed(seconds < 1 ? 2 : 1) : Math.round(seconds)} s`;
}

const day = (time) => `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]}`;
const two = (value) => String(value).padStart(2, "0");

/** "14:05" */
export function clock(when) {
  const time = new Date(when);
  return `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
}

/** "2 Mar 14:05" */
export const moment = (when) => `${day(new Date(when))} ${clock(when)}`;

/** "2 Mar" */
export const date = (when) => day(new Date(when));

/** "2 Mar 2026 14:05 UTC" */
export function fully(when) {
  const time = new Date(when);
  return `${day(time)} ${time.getUTCFullYear()} ${clock(when)} UTC`;
}

/** "14:05:07" */
export const seconds = (when) => `${clock(when)}:${two(new Date(when).getUTCSeconds())}`;

/** "1 document", "2 documents" */
export const count = (number, noun) => `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Seconds from `then` to `now`, never negative. */
export const age = (now, then) => Math.max(0, (new Date(now) - new Date(then)) / 1000);

/** "5 min ago (2 Mar 2026 14:05 UTC)" */
export const ago = (now, then) => `${duration(age(now, then))} ago (${fully(then)})`;
