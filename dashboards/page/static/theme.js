// The colours of the style sheet for canvas drawing, and a callback for when they change.

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Return the current value of `--name`. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Call `draw` when the colour scheme changes between dark and light. */
export const onTheme = (draw) => dark.addEventListener("change", draw);

/** Return the tooltip options of every chart: drawn on the canvas, never as markup. */
export function tooltip() {
  return {
    renderMode: "richText",
    confine: true,
    transitionDuration: 0,
    backgroundColor: colour("panel"),
    borderColor: colour("line-strong"),
    borderWidth: 1,
    padding: [6, 9],
    textStyle: { color: colour("ink"), fontSize: 12, lineHeight: 17, fontFamily: "system-ui, sans-serif" },
  };
}
