// The Pareto plot: candidates over two chosen axes, with error bars, front, constraints and the float model.
import { scaleLinear } from "d3-scale";
import { type Axis, costAxes, qualityAxes } from "./axes";
import { h, svg } from "./dom";
import { figureLine, tickFormat } from "./format";
import type { MethodMark } from "./method";
import type { Constraints, ModelReport } from "./report";
import { type Box, type Mark, placeLabel, type Range, scatter } from "./scatter";
import type { Selection } from "./selection";
import { badge, SPEED, STATUS } from "./verdict";

const MARGIN = { top: 14, right: 18, bottom: 50, left: 62 };
const RADIUS = 6.5;

interface Frame extends Box { x(value: number): number; y(value: number): number }

export function plot(model: ModelReport, constraints: Constraints, marks: Map<string, MethodMark>, selection: Selection): HTMLElement {
  const xAxes = costAxes(model, constraints);
  const yAxes = qualityAxes(model, constraints);
  if (yAxes.length === 0) return h("p", { class: "empty" }, "No candidate was measured, so there is nothing to plot.");
  let x = xAxes[0]!;
  let y = yAxes[0]!;
  let whole = false;

  const tip = h("div", { class: "tip", role: "status", hidden: true });
  const canvas = h("div", { class: "canvas" });
  const notes = h("p", { class: "plot-notes" });
  const draw = () => {
    const focused = canvas.querySelector<SVGElement>(":focus")?.dataset.name;
    const data = scatter(model, constraints, x, y, whole);
    const frame = frameOf(canvas.clientWidth || 640, data.domain);
    canvas.replaceChildren(drawing(model, x, y, data, frame, marks, selection, tip), tip);
    tip.hidden = true;
    notes.replaceChildren(...plotNotes(x, y, data));
    highlight(canvas, selection.name);
    if (focused !== undefined) [...canvas.querySelectorAll<SVGElement>("[data-name]")].find((g) => g.dataset.name === focused)?.focus();
  };
  const choose = (axes: Axis[], label: string, take: (axis: Axis) => void) =>
    h("label", {}, label, h("select", { onchange: (event) => {
      take(axes[(event.target as HTMLSelectElement).selectedIndex]!);
      draw();
    } }, axes.map((axis) => h("option", {}, axis.title))));

  new ResizeObserver(draw).observe(canvas);
  selection.follow((name) => highlight(canvas, name));
  return h("div", { class: "plot" },
    h("div", { class: "controls" },
      choose(yAxes, "Up", (axis) => (y = axis)),
      choose(xAxes, "Across", (axis) => (x = axis)),
      h("label", {}, h("input", { type: "checkbox", onchange: (event) => {
        whole = (event.target as HTMLInputElement).checked;
        draw();
      } }), "Whole range")),
    canvas, legend(model, marks), notes);
}

function frameOf(width: number, domain: { x: Range; y: Range }): Frame {
  const height = Math.max(280, Math.min(430, width * 0.62));
  const box = { left: MARGIN.left, top: MARGIN.top, right: width - MARGIN.right, bottom: height - MARGIN.bottom };
  return {
    ...box,
    x: scaleLinear(domain.x, [box.left, box.right]).clamp(true),
    y: scaleLinear(domain.y, [box.bottom, box.top]).clamp(true),
  };
}

function drawing(model: ModelReport, x: Axis, y: Axis, data: ReturnType<typeof scatter>, frame: Frame,
                 methods: Map<string, MethodMark>, selection: Selection, tip: HTMLElement): SVGElement {
  const width = frame.right + MARGIN.right;
  const height = frame.bottom + MARGIN.bottom;
  const order = [...data.marks].sort((a, b) => Number(data.front.includes(a)) - Number(data.front.includes(b)));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": `${y.title} over ${x.title.toLowerCase()}, ${data.marks.length} points` },
    gridLines(x, frame, data.domain.x, "x"), gridLines(y, frame, data.domain.y, "y"),
    limitArea(x, frame, data.domain.x, "x"), limitArea(y, frame, data.domain.y, "y"),
    frontLine(data.front, frame),
    order.map((mark) => point(mark, model, x, y, data.domain, data.front.includes(mark), frame, methods, selection, tip)),
    labels(data.marks, data.front, model.recommended.candidate, frame, data.domain));
}

function gridLines(axis: Axis, frame: Frame, domain: Range, side: "x" | "y"): SVGElement {
  const horizontal = side === "x";
  const length = horizontal ? frame.right - frame.left : frame.bottom - frame.top;
  const ticks = scaleLinear(domain, [0, 1]).ticks(Math.max(3, Math.round(length / (horizontal ? 95 : 60))));
  const text = tickFormat(axis.unit, ticks);
  const towardsEnd = (axis.better === "higher") === horizontal;
  const title = `${axis.title}   ${towardsEnd ? `${axis.betterWord} →` : `← ${axis.betterWord}`}`;
  const middle = (frame.top + frame.bottom) / 2;
  return svg("g", { class: "grid" },
    ticks.map((tick) => horizontal
      ? [svg("line", { x1: frame.x(tick), x2: frame.x(tick), y1: frame.top, y2: frame.bottom }),
         svg("text", { x: frame.x(tick), y: frame.bottom + 18, "text-anchor": "middle" }, text(tick))]
      : [svg("line", { x1: frame.left, x2: frame.right, y1: frame.y(tick), y2: frame.y(tick) }),
         svg("text", { x: frame.left - 8, y: frame.y(tick) + 4, "text-anchor": "end" }, text(tick))]),
    horizontal
      ? svg("text", { class: "axis-title", x: (frame.left + frame.right) / 2, y: frame.bottom + 41, "text-anchor": "middle" }, title)
      : svg("text", { class: "axis-title", transform: `translate(13 ${middle}) rotate(-90)`, "text-anchor": "middle" },
          `${axis.title}   ${axis.better === "higher" ? `${axis.betterWord} →` : `← ${axis.betterWord}`}`));
}

/** Hatches the side of the limit that fails, if the limit is in view. */
function limitArea(axis: Axis, frame: Frame, [low, high]: Range, side: "x" | "y"): SVGElement | null {
  if (!axis.limit || axis.limit.value <= low || axis.limit.value >= high) return null;
  const failsBelow = axis.better === "higher";
  if (side === "x") {
    const at = frame.x(axis.limit.value);
    const [from, to] = failsBelow ? [frame.left, at] : [at, frame.right];
    return svg("g", { class: "limit" },
      svg("rect", { x: from, y: frame.top, width: to - from, height: frame.bottom - frame.top }),
      svg("line", { x1: at, x2: at, y1: frame.top, y2: frame.bottom }),
      svg("text", { x: at + (failsBelow ? 6 : -6), y: frame.bottom - 8, "text-anchor": failsBelow ? "start" : "end" }, axis.limit.says));
  }
  const at = frame.y(axis.limit.value);
  const [from, to] = failsBelow ? [at, frame.bottom] : [frame.top, at];
  return svg("g", { class: "limit" },
    svg("rect", { x: frame.left, y: from, width: frame.right - frame.left, height: to - from }),
    svg("line", { x1: frame.left, x2: frame.right, y1: at, y2: at }),
    svg("text", { x: frame.left + 8, y: at + (failsBelow ? -6 : 15) }, axis.limit.says));
}

/** Staircase along the front: what lies under it is beaten by a point on it. */
function frontLine(front: Mark[], frame: Frame): SVGElement | null {
  if (front.length < 2) return null;
  const steps = front.map((mark, i) => (i === 0 ? `M${frame.x(mark.x)},${frame.y(mark.y)}` : `V${frame.y(mark.y)}H${frame.x(mark.x)}`));
  return svg("path", { class: "front", d: steps.join("") });
}

function point(mark: Mark, model: ModelReport, x: Axis, y: Axis, domain: { x: Range; y: Range }, onFront: boolean, frame: Frame,
               methods: Map<string, MethodMark>, selection: Selection, tip: HTMLElement): SVGElement {
  const at = { x: frame.x(mark.x), y: frame.y(mark.y) };
  const method = mark.candidate ? methods.get(mark.candidate.method)! : null;
  const outside = isOutside(mark, domain);
  const show = () => showTip(tip, mark, x, y, at, frame, method);
  const hide = () => { tip.hidden = true; };
  const choose = () => { if (mark.candidate) selection.select(mark.candidate.name); };
  const recommended = mark.candidate !== null && mark.name === model.recommended.candidate;
  return svg("g", {
    class: ["point", method ? `method-${method.slot}` : "float", onFront && "on-front", outside && "outside", recommended && "recommended"].filter(Boolean).join(" "),
    "data-name": mark.candidate?.name, tabindex: 0, role: mark.candidate ? "button" : "img",
    "aria-label": `${mark.name}: ${x.title} ${figureLine(mark.figures.x)}, ${y.title} ${figureLine(mark.figures.y)}`,
    onpointerenter: show, onpointerleave: hide, onfocus: show, onblur: hide, onclick: choose,
    onkeydown: (event) => {
      const key = (event as KeyboardEvent).key;
      if (key === "Escape") hide();
      if (key !== "Enter" && key !== " ") return;
      event.preventDefault();
      choose();
    },
  },
    svg("circle", { class: "target", cx: at.x, cy: at.y, r: 14 }),
    outside ? null : errorBars(mark, frame),
    svg("circle", { class: "ring", cx: at.x, cy: at.y, r: RADIUS + 5.5 }),
    method
      ? svg("path", { class: "shape", d: method.path, transform: `translate(${at.x} ${at.y}) scale(${RADIUS})` })
      : svg("path", { class: "shape", d: "M-8,0H8M0,-8V8", transform: `translate(${at.x} ${at.y})` }),
    outside ? rimArrow(mark, domain, at) : null);
}

function errorBars(mark: Mark, frame: Frame): (SVGElement | null)[] {
  const { x, y } = mark.figures;
  return [
    x.low === null || x.high === null ? null
      : svg("line", { class: "error", x1: frame.x(x.low), x2: frame.x(x.high), y1: frame.y(mark.y), y2: frame.y(mark.y) }),
    y.low === null || y.high === null ? null
      : svg("line", { class: "error", x1: frame.x(mark.x), x2: frame.x(mark.x), y1: frame.y(y.low), y2: frame.y(y.high) }),
  ];
}

const isOutside = (mark: Mark, { x, y }: { x: Range; y: Range }) => mark.x < x[0] || mark.x > x[1] || mark.y < y[0] || mark.y > y[1];

/** Points from the rim to where the candidate really is. */
function rimArrow(mark: Mark, { x, y }: { x: Range; y: Range }, at: { x: number; y: number }): SVGElement {
  const angle = mark.y < y[0] ? 90 : mark.y > y[1] ? -90 : mark.x > x[1] ? 0 : 180;
  return svg("path", { class: "rim", d: "M12,-4L18,0L12,4", transform: `translate(${at.x} ${at.y}) rotate(${angle})` });
}

/** Names the recommended candidate, the float model and the front, as far as there is room. */
function labels(marks: Mark[], front: Mark[], recommended: string | null, frame: Frame, domain: { x: Range; y: Range }): SVGElement {
  const around = (m: Mark): Box => ({ left: frame.x(m.x) - 9, right: frame.x(m.x) + 9, top: frame.y(m.y) - 9, bottom: frame.y(m.y) + 9 });
  const taken = marks.map(around);
  const rank = (m: Mark) => (m.candidate?.name === recommended ? 0 : m.candidate === null ? 1 : front.includes(m) ? 2 : 3);
  const named = [...marks].sort((a, b) => rank(a) - rank(b));
  return svg("g", { class: "labels", "aria-hidden": "true" }, named.map((mark) => {
    const text = isOutside(mark, domain) ? `${mark.name} (out of range)` : mark.name;
    const box = placeLabel(frame.x(mark.x), frame.y(mark.y), text.length * 6.5, 14, frame, taken);
    if (!box) return null;
    taken.push(box);
    return svg("text", { class: rank(mark) === 0 ? "recommended" : "", x: box.left, y: box.bottom - 3, textLength: null }, text);
  }));
}

function showTip(tip: HTMLElement, mark: Mark, x: Axis, y: Axis, at: { x: number; y: number }, frame: Frame, method: MethodMark | null): void {
  const candidate = mark.candidate;
  tip.replaceChildren(
    h("strong", {}, candidate ? mark.name : "The float model"),
    h("dl", {},
      [y, x].flatMap((axis) => [h("dt", {}, axis.title), h("dd", {}, figureLine(axis === x ? mark.figures.x : mark.figures.y))])),
    candidate ? h("p", {}, method!.title, candidate.latency && badge(SPEED, candidate.latency.verdict),
      candidate.status === "ok" ? null : badge(STATUS, candidate.status)) : "");
  tip.hidden = false;
  const left = at.x > (frame.left + frame.right) / 2 ? at.x - tip.offsetWidth - 16 : at.x + 16;
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${Math.max(0, Math.min(at.y - tip.offsetHeight / 2, frame.bottom - tip.offsetHeight))}px`;
}

function highlight(canvas: HTMLElement, name: string | null): void {
  for (const group of canvas.querySelectorAll<SVGElement>(".point")) {
    const chosen = group.dataset.name !== undefined && group.dataset.name === name;
    group.classList.toggle("chosen", chosen);
    if (group.dataset.name !== undefined) group.setAttribute("aria-pressed", String(chosen));
  }
}

function legend(model: ModelReport, methods: Map<string, MethodMark>): HTMLElement {
  const sign = (className: string, ...children: SVGElement[]) =>
    svg("svg", { viewBox: "-10 -10 20 20", width: 18, height: 18, class: className, "aria-hidden": "true" }, ...children);
  const here = new Set(model.candidates.map((candidate) => candidate.method));
  return h("ul", { class: "legend" },
    [...methods.values()].filter((method) => here.has(method.group)).map((method) => h("li", {},
      sign(`point method-${method.slot} on-front`, svg("path", { class: "shape", d: method.path, transform: "scale(6)" })), method.title)),
    h("li", {}, sign("point float", svg("path", { class: "shape", d: "M-8,0H8M0,-8V8" })), "float model"),
    h("li", {}, sign("point recommended", svg("circle", { class: "ring", r: 8 })), "recommended"),
    h("li", {}, sign("", svg("path", { class: "front", d: "M-9,-5H2V5H9" })), "best trade-offs (filled marks)"));
}

function plotNotes(x: Axis, y: Axis, data: ReturnType<typeof scatter>): (Node | string)[] {
  const limits = [[x, data.domain.x], [y, data.domain.y]] as const;
  const far = limits.filter(([axis, range]) => axis.limit && (axis.limit.value <= range[0] || axis.limit.value >= range[1]));
  const absent = data.absent.map((candidate) => `${candidate.name} (${candidate.status === "ok" ? "no figure" : STATUS[candidate.status]?.text ?? candidate.status})`);
  const says = [
    "Bars are 95 % intervals.",
    far.length > 0 && `Outside the range shown: limit ${far.map(([axis]) => axis.limit!.says).join(", ")}.`,
    absent.length > 0 && `Not on the plot: ${absent.join(", ")}.`,
  ];
  return [says.filter(Boolean).join(" ")];
}
