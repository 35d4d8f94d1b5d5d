// The Pareto plot with its controls: candidates over two chosen axes, and what the plot does not show, in words.
import { type Axis, costAxes, qualityAxes } from "./axes";
import { h, svg } from "./dom";
import { drawing, frameOf } from "./drawing";
import { countText } from "./format";
import { grouped } from "./grouped";
import type { MethodMark } from "./method";
import type { Constraints, ModelReport } from "./report";
import { type Scatter, scatter } from "./scatter";
import type { Selection } from "./selection";
import { FRONT_SAYS, STATUS } from "./verdict";

export function plot(model: ModelReport, constraints: Constraints, methods: Map<string, MethodMark>, selection: Selection): HTMLElement {
  const xAxes = costAxes(model, constraints);
  const yAxes = qualityAxes(model, constraints);
  if (xAxes.length === 0 || yAxes.length === 0) return h("p", { class: "empty" }, "No candidate was measured, so there is nothing to plot.");
  let [x, y, whole] = [xAxes[0]!, yAxes[0]!, false];

  const tip = h("div", { class: "tip", hidden: true });
  const canvas = h("div", { class: "canvas" });
  const notes = h("p", { class: "plot-notes" });
  const draw = () => {
    const data = scatter(model, x, y, whole);
    const frame = frameOf(canvas.clientWidth || 640, data.domain);
    tip.hidden = true;
    canvas.replaceChildren(drawing({ x, y, data, frame, methods, selection, tip, recommended: model.recommended.candidate }), tip);
    notes.textContent = notesText(x, y, data);
    highlight(canvas, selection.name);
  };
  draw();                                  // also where there is no width yet: a folded model may be printed
  onWidth(canvas, draw);
  selection.follow((name) => highlight(canvas, name));

  return h("figure", { class: "plot" },
    h("div", { class: "controls" },
      axisChoice("Up", yAxes, (axis) => { y = axis; draw(); }),
      axisChoice("Across", xAxes, (axis) => { x = axis; draw(); }),
      h("label", {}, h("input", { type: "checkbox", onchange: (event) => {
        whole = (event.target as HTMLInputElement).checked;
        draw();
      } }), "Whole range")),
    canvas, h("figcaption", {}, legend(model, methods), notes));
}

function axisChoice(label: string, axes: Axis[], take: (axis: Axis) => void): HTMLElement {
  return h("label", {}, label, h("select", { onchange: (event) => take(axes[(event.target as HTMLSelectElement).selectedIndex]!) },
    axes.map((axis) => h("option", {}, axis.title))));
}

/** Calls `draw` when the element has a new width. */
function onWidth(element: HTMLElement, draw: () => void): void {
  let width = 0;
  new ResizeObserver(() => {
    if (element.clientWidth === width || element.clientWidth === 0) return;
    width = element.clientWidth;
    requestAnimationFrame(draw);
  }).observe(element);
}

function highlight(canvas: HTMLElement, name: string | null): void {
  for (const group of canvas.querySelectorAll<SVGElement>(".point[data-name]")) {
    const chosen = group.dataset.name === name;
    group.classList.toggle("chosen", chosen);
    group.setAttribute("aria-pressed", String(chosen));
  }
}

function legend(model: ModelReport, methods: Map<string, MethodMark>): HTMLElement {
  const sign = (className: string, shape: SVGElement) =>
    svg("svg", { viewBox: "-10 -10 20 20", width: 18, height: 18, class: className, "aria-hidden": "true" }, shape);
  const here = new Set(model.candidates.map((candidate) => candidate.method));
  return h("ul", { class: "legend" },
    [...methods.values()].filter((method) => here.has(method.group)).map((method) => h("li", {},
      sign(`point method-${method.slot} on-front`, svg("path", { class: "shape", d: method.path, transform: "scale(6)" })), method.title)),
    h("li", {}, sign("point float", svg("path", { class: "shape", d: "M-8,0H8M0,-8V8" })), "float model"),
    model.recommended.candidate !== null &&
      h("li", {}, sign("point recommended", svg("circle", { class: "ring", r: 8 })), "recommended"),
    h("li", {}, sign("", svg("circle", { class: "filled", r: 6 })), `filled: ${FRONT_SAYS}`));
}

function notesText(x: Axis, y: Axis, data: Scatter): string {
  const limits = [[x, data.domain.x], [y, data.domain.y]] as const;
  const far = limits.filter(([axis, range]) => axis.limit && (axis.limit.value <= range[0] || axis.limit.value >= range[1]));
  const ends = grouped(data.absent, ({ status }) => (status === "ok" || status === "not_better" ? "without a figure" : STATUS[status]?.text ?? status));
  const absent = [...ends].map(([end, { length }]) => `${countText(length)} ${end}`);
  return [
    "Lines through a mark are 95 % intervals.",
    far.length > 0 && `Outside the range shown: the limit ${far.map(([axis]) => axis.limit!.says).join(", ")}.`,
    absent.length > 0 && `Not on the plot: ${absent.join(", ")}; the table says why.`,
  ].filter(Boolean).join(" ");
}
