// Figures as text. One scale (ms, MB, %) and one number of decimals serve a value and its interval, and the
// decimals follow the interval's width: digits that the measurement cannot tell are not shown.
import type { Figure, Unit } from "./report";

interface Scale { factor: number; suffix: string }

const plain = (suffix: string): Scale[] => [{ factor: 1, suffix }];
const decimal = (unit: string): Scale[] =>
  [["", 1], ["k", 1e3], ["M", 1e6], ["G", 1e9], ["T", 1e12]].map(([prefix, factor]) => ({ factor: factor as number, suffix: ` ${prefix}${unit}` }));

/** Smallest scale first; the largest one that leaves at least 1 in front is taken. */
const SCALES: Record<Unit, Scale[]> = {
  seconds: [{ factor: 1e-6, suffix: " µs" }, { factor: 1e-3, suffix: " ms" }, { factor: 1, suffix: " s" }],
  bytes: decimal("B"),
  fraction: [{ factor: 0.01, suffix: " %" }],
  ratio: plain("×"),
  decibel: plain(" dB"),
  score: plain(""),
  "operations/s": decimal("OP/s"),
  "bytes/s": decimal("B/s"),
};

function scaleFor(unit: Unit, size: number): Scale {
  const scales = SCALES[unit] ?? plain("");
  return scales.findLast((scale) => Math.abs(size) >= scale.factor) ?? scales[0]!;
}

function decimalsFor(value: number, spread: number | null): number {
  if (spread !== null && spread > 0) return clamp(Math.ceil(-Math.log10(spread / 2.5)), 0, 3);
  const whole = Math.abs(value) < 1 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  return clamp(3 - whole, 0, 3);
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

/** Fixed decimals with a real minus sign, and no "-0"; `trim` drops zeros at the end. */
function fixed(x: number, decimals: number, trim = false): string {
  const text = trim ? String(Number(x.toFixed(decimals))) : x.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

export interface FigureText { value: string; interval: string | null }

/** `more` decimals than the interval asks for. */
export function figureText(figure: Figure, more = 0): FigureText | null {
  if (figure.value === null) return null;
  const scale = scaleFor(figure.unit, figure.value);
  const hasInterval = figure.low !== null && figure.high !== null;
  const spread = hasInterval ? (figure.high! - figure.low!) / scale.factor / 2 : null;
  const decimals = decimalsFor(figure.value / scale.factor, spread) + more;
  const stated = figure.n === null && !hasInterval;      // a limit, not a measurement: "6 MB", not "6.00 MB"
  const show = (x: number) => fixed(x / scale.factor, decimals, stated);
  return {
    value: show(figure.value) + scale.suffix,
    interval: hasInterval ? `${show(figure.low!)} to ${show(figure.high!)}` : null,
  };
}

/** A difference, with its sign; of fractions in percentage points. One more decimal, so that a small one is not shown as 0. */
export function differenceText(figure: Figure): FigureText | null {
  const text = figureText(figure, 1);
  if (!text || figure.value === null) return null;
  const points = text.value.replace(/ %$/, " points");
  return { value: figure.value > 0 && /[1-9]/.test(points) ? `+${points}` : points, interval: text.interval };
}

/** Value and interval in one line: "2.27× (2.23 to 2.31)". */
export function figureLine(figure: Figure | null, missing = "not measured"): string {
  if (!figure) return missing;
  const text = figureText(figure);
  if (!text) return figure.reason ? `not measured: ${figure.reason}` : missing;
  return text.interval ? `${text.value} (${text.interval})` : text.value;
}

export const bytesText = (bytes: number) => figureText(exactly(bytes, "bytes"))!.value;
export const secondsText = (seconds: number) => figureText(exactly(seconds, "seconds"))!.value;

/** A share as a percentage: 0.274 -> "27 %". */
export const percentText = (share: number, decimals = Math.abs(share) < 0.1 ? 1 : 0) => `${fixed(share * 100, decimals)} %`;

/** What is too long loses its middle, as a name's end tells it apart. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return `${text.slice(0, most - 1 - tail)}…${text.slice(text.length - tail)}`;
}

export const countText = (n: number) => n.toLocaleString("en-US");

export function probabilityText(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toPrecision(2)}`;
}

export function exactly(value: number, unit: Unit): Figure {
  return { value, low: null, high: null, n: null, unit, reason: null };
}

/** For axis ticks: one scale for the whole axis, decimals that tell neighbouring ticks apart. */
export function tickFormat(unit: Unit, ticks: number[]): (value: number) => string {
  const largest = Math.max(...ticks.map(Math.abs));
  const scale = scaleFor(unit, largest);
  const step = ticks.length > 1 ? Math.abs(ticks[1]! - ticks[0]!) / scale.factor : 1;
  const decimals = clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 4);
  return (value) => fixed(value / scale.factor, decimals) + scale.suffix;
}
