// A measured ratio against "no change" as a small drawing: the interval, its estimate, the line of no change.
import { svg } from "./dom";
import type { Figure } from "./report";
import type { Range } from "./scatter";

const WIDTH = 92;
const HEIGHT = 14;

export interface IntervalScale { range: Range; same: number; limit: number | null; dead: number | null }

/** Common scale of a table's column. `dead` is how far from `same` nothing can be claimed. */
export function intervalScale(figures: (Figure | null)[], same: number, limit: number | null, dead: number | null): IntervalScale {
  const ends = figures.flatMap((f) => (f?.value == null ? [] : [f.low ?? f.value, f.high ?? f.value]));
  return { range: [Math.min(same, ...ends), Math.max(same, ...ends)], same, limit, dead };
}

export function intervalDrawing(figure: Figure | null, scale: IntervalScale, tone: string): SVGElement | null {
  if (figure?.value == null) return null;
  const [low, high] = scale.range;
  const x = (value: number) => 4 + ((value - low) / (high - low || 1)) * (WIDTH - 8);
  const middle = HEIGHT / 2;
  const { same, limit, dead } = scale;
  return svg("svg", { class: `interval ${tone}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true" },
    svg("line", { class: "scale", x1: 0, x2: WIDTH, y1: middle, y2: middle }),
    dead === null ? null : svg("rect", { class: "dead", x: x(same - dead), width: Math.max(1, x(same + dead) - x(same - dead)), y: 0, height: HEIGHT }),
    svg("line", { class: "same", x1: x(same), x2: x(same), y1: 0, y2: HEIGHT }),
    limit === null || limit < low || limit > high ? null : svg("line", { class: "limit", x1: x(limit), x2: x(limit), y1: 0, y2: HEIGHT }),
    svg("line", { class: "bar", x1: x(figure.low ?? figure.value), x2: x(figure.high ?? figure.value), y1: middle, y2: middle }),
    svg("circle", { class: "estimate", cx: x(figure.value), cy: middle, r: 3.2 }));
}
