// The plot's picture, layer by layer: grid, limits, front, points, labels.
import { scaleLinear } from "d3-scale";
import type { Axis } from "./axes";
import { h, svg } from "./dom";
import { figureLine, tickFormat } from "./format";
import type { MethodMark } from "./method";
import { type Box, FLOAT, type Mark, placeLabel, type Range, type Scatter } from "./scatter";
import type { Selection } from "./selection";
import { badge, SPEED, STATUS } from "./verdict";

const MARGIN = { top: 6, right: 12, bottom: 50, left: 78 };
const RIM = 20;                            // points out of range stand this far inside the frame
const RADIUS = 6.5;
const LONGEST = 36;                        // letters of a label
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
  const frontLast = [...data.marks].sort((a, b) => Number(data.front.includes(a)) - Number(data.front.includes(b)));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `${y.title} over ${x.title.toLowerCase()}: ${data.marks.length} points` },
    xGrid(x, frame, data.domain.x), yGrid(y, frame, data.domain.y),
    limitArea(x, frame, data.domain.x, "x"), limitArea(y, frame, data.domain.y, "y"),
    frontLine(data.front, frame),
    frontLast.map((mark) => point(mark, view)),
    labels(view));
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

/** Hatches the side of the limit that fails, if the limit is in view. */
function limitArea(axis: Axis, frame: Frame, [low, high]: Range, side: "x" | "y"): SVGElement | null {
  if (!axis.limit || axis.limit.value <= low || axis.limit.value >= high) return null;
  const { left, right, top, bottom } = frame;
  const at = frame[side](axis.limit.value);
  const failsLeft = axis.better === "higher";       // for y: fails below
  const shape = side === "x"
    ? { area: failsLeft ? { x: left, width: at - left } : { x: at, width: right - at }, line: { x1: at, x2: at, y1: top, y2: bottom },
        text: { x: at + (failsLeft ? 6 : -6), y: bottom - 8, "text-anchor": failsLeft ? "start" : "end" } }
    : { area: failsLeft ? { y: at, height: bottom - at } : { y: top, height: at - top }, line: { x1: left, x2: right, y1: at, y2: at },
        text: { x: left + 8, y: at + (failsLeft ? -6 : 15), "text-anchor": "start" } };
  return svg("g", { class: "limit" },
    svg("rect", { x: left, y: top, width: right - left, height: bottom - top, ...shape.area }),
    svg("line", shape.line), svg("text", shape.text, axis.limit.says));
}

/** Staircase: whatever lies on its worse side is beaten by a point of the front. */
function frontLine(front: Mark[], frame: Frame): SVGElement | null {
  if (front.length < 2) return null;
  const steps = front.map((mark, i) => (i === 0 ? `M${frame.x(mark.x)},${frame.y(mark.y)}` : `H${frame.x(mark.x)}V${frame.y(mark.y)}`));
  return svg("path", { class: "front", d: steps.join("") });
}

function point(mark: Mark, view: View): SVGElement {
  const { x, y, data, frame, selection, tip } = view;
  const at = { x: frame.x(mark.x), y: frame.y(mark.y) };
  const method = mark.candidate ? view.methods.get(mark.candidate.method)! : null;
  const outside = isOutside(mark, data.domain);
  const show = () => showTip(mark, at, view);
  const hide = () => { tip.hidden = true; };
  const choose = () => { if (mark.candidate) selection.select(mark.candidate.name); };
  const classes = ["point", method ? `method-${method.slot}` : "float", data.front.includes(mark) && "on-front",
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
function labels({ data, frame, recommended }: View): SVGElement {
  const { marks, front, domain } = data;
  const taken = marks.map((m): Box => {
    const [x, y] = [frame.x(m.x), frame.y(m.y)];
    return { left: x - 9, right: x + 9, top: y - 9, bottom: y + 9 };
  });
  const rank = (m: Mark) => (m.candidate?.name === recommended ? 0 : m.candidate === null ? 1 : front.includes(m) ? 2 : 3);
  const worthNaming = frame.right - frame.left < CROWDED ? 2 : 3;
  const placed = marks.filter((m) => rank(m) <= worthNaming).sort((a, b) => rank(a) - rank(b)).map((mark) => {
    const name = mark.name.length > LONGEST ? `${mark.name.slice(0, LONGEST - 1)}…` : mark.name;
    const text = isOutside(mark, domain) ? `${name} (out of range)` : name;
    const box = placeLabel(frame.x(mark.x), frame.y(mark.y), text.length * 6.7, 15, frame, taken);
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
