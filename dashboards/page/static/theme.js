// The colours of the style sheet, for what is drawn on canvas; and who wants to know when they change.

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Return what `--name` is now. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Call `draw` when the reader changes between dark and light. */
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
