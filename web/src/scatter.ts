// Geometry of the plot, without drawing: what is placed, the range shown, and where labels fit.
import { type Axis } from "./axes";
import type { Candidate, Figure, ModelReport } from "./report";

export interface Mark {
  candidate: Candidate | null;             // null: the float model
  name: string;
  x: number;
  y: number;
  figures: { x: Figure; y: Figure };
  option: boolean;                         // the float model, or a candidate that may be shipped
  onFront: boolean;                        // as the report says, which weighs accuracy, speed and size at once
}

export interface Scatter {
  marks: Mark[];
  absent: Candidate[];                     // without a figure for one of the axes
  domain: { x: Range; y: Range };
}
export type Range = [number, number];

export const FLOAT = "float";

/** `whole` shows everything; else the range fits what may be shipped, and the rest is drawn at the rim. */
export function scatter(model: ModelReport, x: Axis, y: Axis, whole: boolean): Scatter {
  const placed = model.candidates.map((candidate) => mark(candidate, x.of(candidate), y.of(candidate), model.pareto));
  const float = mark(null, x.original, y.original, model.pareto);
  const marks = [float, ...placed].filter((m) => m !== null);
  const options = marks.filter((m) => m.option);
  const close = whole || options.length < 2 ? marks : options;
  return {
    marks,
    absent: model.candidates.filter((_, i) => !placed[i]),
    domain: { x: range(close.map((m) => m.figures.x), x, whole), y: range(close.map((m) => m.figures.y), y, whole) },
  };
}

function mark(candidate: Candidate | null, x: Figure | null, y: Figure | null, pareto: string[]): Mark | null {
  if (x?.value == null || y?.value == null) return null;
  const name = candidate?.name ?? FLOAT;
  return { candidate, name, x: x.value, y: y.value, figures: { x, y }, option: !candidate || candidate.status === "ok",
    onFront: candidate !== null && pareto.includes(name) };
}

/** Covers the figures with their intervals, and the limit if it is near (always, when everything is to be shown). */
function range(figures: Figure[], axis: Axis, whole: boolean): Range {
  const ends = figures.flatMap((f) => [f.value!, f.low ?? f.value!, f.high ?? f.value!]);
  if (ends.length === 0) return [0, 1];
  let [low, high] = [Math.min(...ends), Math.max(...ends)];
  const span = high - low || Math.abs(high) * 0.1 || 1;
  const limit = axis.limit?.value;
  if (limit !== undefined && (whole || (limit > low - span && limit < high + span))) {
    low = Math.min(low, limit);
    high = Math.max(high, limit);
  }
  const margin = (high - low || span) * 0.05;
  return [low - margin, high + margin];
}

export interface Box { left: number; top: number; right: number; bottom: number }

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** First place beside (x, y) for a text of this size that is inside the frame and free of the obstacles. */
export function placeLabel(x: number, y: number, width: number, height: number, frame: Box, taken: Box[]): Box | null {
  const gap = 13;
  const corners: [number, number][] = [
    [x + gap, y - height - 3], [x + gap, y + 3], [x - gap - width, y - height - 3], [x - gap - width, y + 3],
    [x - width / 2, y - gap - height], [x - width / 2, y + gap], [x + gap, y - 2.4 * height], [x - gap - width, y + 1.4 * height],
  ];
  for (const [left, top] of corners) {
    const box = { left, top, right: left + width, bottom: top + height };
    const inside = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
    if (inside && !taken.some((other) => overlap(box, other))) return box;
  }
  return null;
}
