// The plot's picture, layer by layer: grid, limits, front, points, labels.
import { scaleLinear } from "d3-scale";
import type { Axis } from "./axes";
import { h, svg } from "./dom";
import { figureLine, shortened, tickFormat } from "./format";
import type { MethodMark } from "./method";
import { type Box, FLOAT, type Mark, placeLabel, type Range, type Scatter } from "./scatter";
import type { Selection } from "./selection";
import { badge, SPEED, STATUS } from "./verdict";

const MARGIN = { top: 6, right: 12, bottom: 50, left: 78 };
const RIM = 20;                            // points out of range stand this far inside the frame
const RADIUS = 6.5;
const LETTER = 7.3;                        // width of one in a label, of a wide font
const LONGEST = 36;                        // letters of a label, in a frame that has room for them
const CROWDED = 420;                       // narrower frames name only what matters

export interface Frame extends Box { x(value: number): number; y(value: number): number }

export interface View {
  x: Axis;
  y: Axis;
  data: Scatter;
  frame: Frame;
  methods: Map<string, MethodMark>;
  selection: Selection;
  tip: HTMLElement;
  recommended: string | null;
}

export function frameOf(width: number, domain: Scatter["domain"]): Frame {
  const height = Math.max(300, Math.min(440, width * 0.62));
  const box = { left: MARGIN.left, top: MARGIN.top, right: width - MARGIN.right, bottom: height - MARGIN.bottom };
  return {
    ...box,
    x: scaleLinear(domain.x, [box.left + RIM, box.right - RIM]).clamp(true),
    y: scaleLinear(domain.y, [box.bottom - RIM, box.top + RIM]).clamp(true),
  };
}

export function drawing(view: View): SVGElement {
  const { x, y, data, frame } = view;
  const width = frame.right + MARGIN.right;
  const height = frame.bottom + MARGIN.bottom;
  const limits = [limitOn(x, frame, data.domain.x, "x"), limitOn(y, frame, data.domain.y, "y")].filter((limit) => limit !== null);
  const frontLast = [...data.marks].sort((a, b) => Number(a.onFront) - Number(b.onFront));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `${y.title} over ${x.title.toLowerCase()}: ${data.marks.length} points` },
    xGrid(x, frame, data.domain.x), yGrid(y, frame, data.domain.y),
    limits.map(limitArea),
    frontLast.map((mark) => point(mark, view)),
    labels(view, limits));
}

const ticksOf = (domain: Range, count: number) => scaleLinear(domain, [0, 1]).ticks(Math.max(3, Math.round(count)));

function xGrid(axis: Axis, frame: Frame, domain: Range): SVGElement {
  const ticks = ticksOf(domain, (frame.right - frame.left) / 95);
  const text = tickFormat(axis.unit, ticks);
  const title = axis.better === "higher" ? `${axis.title}   ${axis.betterWord} →` : `← ${axis.betterWord}   ${axis.title}`;
  return svg("g", { class: "grid" },
    ticks.map((tick) => [
      svg("line", { x1: frame.x(tick), x2: frame.x(tick), y1: frame.top, y2: frame.bottom }),
      svg("text", { x: frame.x(tick), y: frame.bottom + 18, "text-anchor": "middle" }, text(tick))]),
    svg("text", { class: "axis-title", x: (frame.left + frame.right) / 2, y: frame.bottom + 42, "text-anchor": "middle" }, title));
}

function yGrid(axis: Axis, frame: Frame, domain: Range): SVGElement {
  const ticks = ticksOf(domain, (frame.bottom - frame.top) / 60);
  const text = tickFormat(axis.unit, ticks);
  const title = axis.better === "higher" ? `${axis.title}   ${axis.betterWord} →` : `← ${axis.betterWord}   ${axis.title}`;
  return svg("g", { class: "grid" },
    ticks.map((tick) => [
      svg("line", { x1: frame.left, x2: frame.right, y1: frame.y(tick), y2: frame.y(tick) }),
      svg("text", { x: frame.left - 8, y: frame.y(tick) + 4, "text-anchor": "end" }, text(tick))]),
    svg("text", { class: "axis-title", transform: `translate(13 ${(frame.top + frame.bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, title));
}

interface LimitPlace { area: Box; line: Box; text: { says: string; x: number; y: number; anchor: "start" | "end" } }

/** Where a limit is drawn, if it is in view: the side that fails, the edge, the words. */
function limitOn(axis: Axis, frame: Frame, [low, high]: Range, side: "x" | "y"): LimitPlace | null {
  if (!axis.limit || axis.limit.value <= low || axis.limit.value >= high) return null;
  const { left, right, top, bottom } = frame;
  const at = frame[side](axis.limit.value);
  const failsLeft = axis.better === "higher";       // for y: fails below
  const says = axis.limit.says;
  const whole = { left, right, top, bottom };
  if (side === "y")
    return { area: { ...whole, ...(failsLeft ? { top: at } : { bottom: at }) }, line: { ...whole, top: at, bottom: at },
      text: { says, x: left + 8, y: at + (failsLeft ? -6 : 15), anchor: "start" } };
  const room = failsLeft ? right - at : at - left;      // the words stand on the side that holds the limit, if they fit
  const onRight = (says.length * LETTER < room) === failsLeft;
  return { area: { ...whole, ...(failsLeft ? { right: at } : { left: at }) }, line: { ...whole, left: at, right: at },
    text: { says, x: at + (onRight ? 6 : -6), y: bottom - 8, anchor: onRight ? "start" : "end" } };
}

function limitArea({ area, line, text }: LimitPlace): SVGElement {
  return svg("g", { class: "limit" },
    svg("rect", { x: area.left, y: area.top, width: area.right - area.left, height: area.bottom - area.top }),
    svg("line", { x1: line.left, x2: line.right, y1: line.top, y2: line.bottom }),
    svg("text", { x: text.x, y: text.y, "text-anchor": text.anchor }, text.says));
}

function boxOf({ text: { says, x, y, anchor } }: LimitPlace): Box {
  const width = says.length * LETTER;
  return { left: anchor === "start" ? x : x - width, right: anchor === "start" ? x + width : x, top: y - 11, bottom: y + 4 };
}

function point(mark: Mark, view: View): SVGElement {
  const { x, y, data, frame, selection, tip } = view;
  const at = { x: frame.x(mark.x), y: frame.y(mark.y) };
  const method = mark.candidate ? view.methods.get(mark.candidate.method)! : null;
  const outside = isOutside(mark, data.domain);
  const show = () => showTip(mark, at, view);
  const hide = () => { tip.hidden = true; };
  const choose = () => { if (mark.candidate) selection.select(mark.candidate.name); };
  const classes = ["point", method ? `method-${method.slot}` : "float", mark.onFront && "on-front",
    mark.candidate && mark.name === view.recommended && "recommended"];
  return svg("g", {
    class: classes.filter(Boolean).join(" "), "data-name": mark.candidate?.name, tabindex: 0, role: mark.candidate ? "button" : "img",
    "aria-label": `${mark.name}: ${x.title} ${figureLine(mark.figures.x)}, ${y.title} ${figureLine(mark.figures.y)}`,
    onpointerenter: show, onpointerleave: hide, onfocus: show, onblur: hide, onclick: choose,
    onkeydown: (event) => {
      const { key } = event as KeyboardEvent;
      if (key === "Escape") hide();
      if (key !== "Enter" && key !== " ") return;
      event.preventDefault();
      choose();
    },
  },
    svg("circle", { class: "target", cx: at.x, cy: at.y, r: 14 }),
    outside ? rimArrow(mark, data.domain, at) : errorBars(mark, frame),
    svg("circle", { class: "ring", cx: at.x, cy: at.y, r: RADIUS + 5.5 }),
    method
      ? svg("path", { class: "shape", d: method.path, transform: `translate(${at.x} ${at.y}) scale(${RADIUS})` })
      : svg("path", { class: "shape", d: "M-8,0H8M0,-8V8", transform: `translate(${at.x} ${at.y})` }));
}

function errorBars({ x, y, figures }: Mark, frame: Frame): (SVGElement | null)[] {
  const bar = (from: [number, number], to: [number, number]) =>
    svg("line", { class: "error", x1: frame.x(from[0]), y1: frame.y(from[1]), x2: frame.x(to[0]), y2: frame.y(to[1]) });
  const { x: fx, y: fy } = figures;
  return [
    fx.low === null || fx.high === null ? null : bar([fx.low, y], [fx.high, y]),
    fy.low === null || fy.high === null ? null : bar([x, fy.low], [x, fy.high]),
  ];
}

const isOutside = (mark: Mark, { x, y }: Scatter["domain"]) => mark.x < x[0] || mark.x > x[1] || mark.y < y[0] || mark.y > y[1];

/** Points from the rim to where the candidate really is. */
function rimArrow(mark: Mark, { x, y }: Scatter["domain"], at: { x: number; y: number }): SVGElement {
  const angle = mark.y < y[0] ? 90 : mark.y > y[1] ? -90 : mark.x > x[1] ? 0 : 180;
  return svg("path", { class: "rim", d: "M11,-4L16,0L11,4", transform: `translate(${at.x} ${at.y}) rotate(${angle})` });
}

/** Names the recommended candidate, the float model, the front and the others, as far as there is room. */
function labels({ data, frame, recommended }: View, limits: LimitPlace[]): SVGElement {
  const { marks, domain } = data;
  const width = frame.right - frame.left;
  const longest = Math.min(LONGEST, Math.floor((0.6 * width) / LETTER));
  const taken = [...limits.map(boxOf), ...marks.map((m): Box => {
    const [x, y] = [frame.x(m.x), frame.y(m.y)];
    return { left: x - 9, right: x + 9, top: y - 9, bottom: y + 9 };
  })];
  const rank = (m: Mark) => (m.candidate?.name === recommended ? 0 : m.candidate === null ? 1 : m.onFront ? 2 : 3);
  const worthNaming = width < CROWDED ? 2 : 3;
  const placed = marks.filter((m) => rank(m) <= worthNaming).sort((a, b) => rank(a) - rank(b)).map((mark) => {
    const name = shortened(mark.name, longest);
    const text = isOutside(mark, domain) ? `${name} (out of range)` : name;
    const box = placeLabel(frame.x(mark.x), frame.y(mark.y), text.length * LETTER, 15, frame, taken);
    if (!box) return null;
    taken.push(box);
    const class_ = mark.candidate && rank(mark) === 0 ? "recommended" : null;
    return box.right < frame.x(mark.x)
      ? svg("text", { class: class_, x: box.right, y: box.bottom - 4, "text-anchor": "end" }, text)
      : svg("text", { class: class_, x: box.left, y: box.bottom - 4 }, text);
  });
  return svg("g", { class: "labels", "aria-hidden": "true" }, placed);
}

function showTip(mark: Mark, at: { x: number; y: number }, { x, y, frame, methods, tip }: View): void {
  const { candidate, figures } = mark;
  tip.replaceChildren(
    h("strong", {}, candidate ? mark.name : `The ${FLOAT} model`),
    h("dl", {}, h("dt", {}, y.title), h("dd", {}, figureLine(figures.y)), h("dt", {}, x.title), h("dd", {}, figureLine(figures.x))));
  if (candidate) tip.append(h("p", {}, methods.get(candidate.method)!.title, candidate.latency && badge(SPEED, candidate.latency.verdict),
    candidate.status === "ok" ? null : badge(STATUS, candidate.status)));
  tip.hidden = false;
  const left = at.x > (frame.left + frame.right) / 2 ? at.x - tip.offsetWidth - 16 : at.x + 16;
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${Math.max(0, Math.min(at.y - tip.offsetHeight / 2, frame.bottom - tip.offsetHeight))}px`;
}
