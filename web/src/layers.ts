// The layers of an explanation as bars in the order of the graph: what each loses, and what it takes.
import { h, svg } from "./dom";
import { decibels, timeText } from "./explained";
import type { Explanation, Layer } from "./explanation";
import { secondsText } from "./format";
import { Selection } from "./selection";

const HEIGHT = 150, LEFT = 62, RIGHT = 8, TOP = 26, BOTTOM = 8;
const MOST_DECIBELS = 60, LEAST_DECIBELS = -10;      // what lies beyond is drawn at the edge

interface Row {
  title: string;
  top: number;                                       // the value of a bar as high as the row
  ticks: { value: number; says: string }[];
  bars(layer: Layer): { kind: string; value: number }[];
  dot?(layer: Layer): number | null;
}

const lost = (sqnr: number | null | undefined) => (sqnr == null ? 0 : Math.min(Math.max(MOST_DECIBELS - sqnr, 0), MOST_DECIBELS - LEAST_DECIBELS));

function damageRow(): Row {
  return {
    title: "Error: alone (bar), in the network (dot)",
    top: MOST_DECIBELS - LEAST_DECIBELS,
    ticks: [0, 20, 40, 60].map((decibel) => ({ value: MOST_DECIBELS - decibel, says: `${decibel} dB` })),
    bars: (layer) => [{ kind: "alone", value: layer.damage === null ? MOST_DECIBELS - LEAST_DECIBELS : lost(layer.isolated?.sqnr) }],
    dot: (layer) => (layer.accumulated ? lost(layer.accumulated.sqnr) : null),
  };
}

function timeRow(layers: Layer[]): Row | null {
  const top = Math.max(0, ...layers.flatMap(({ time }) => [time?.original.value ?? 0, time?.quantized.value ?? 0]));
  if (top === 0) return null;
  return {
    title: "Time: float (grey), quantized (blue)",
    top,
    ticks: [0, top / 2, top].map((value) => ({ value, says: value === 0 ? "0" : secondsText(value) })),
    bars: ({ time }) => [{ kind: "float", value: time?.original.value ?? 0 }, { kind: "quantized", value: time?.quantized.value ?? 0 }],
  };
}

export function layerChart(explanation: Explanation, selection: Selection): HTMLElement {
  const layers = [...explanation.layers].sort((a, b) => a.position - b.position);
  const rows = [damageRow(), timeRow(layers)].filter((row) => row !== null);
  const tip = h("div", { class: "tip", hidden: true });
  const canvas = h("div", { class: "canvas layers" });
  const draw = () => {
    tip.hidden = true;
    const width = canvas.clientWidth || 640;
    canvas.replaceChildren(...rows.map((row) => chart(row, layers, width, selection, tip)), tip);
    mark(canvas, selection.name);
  };
  draw();
  let width = 0;
  new ResizeObserver(() => {
    if (canvas.clientWidth === width || canvas.clientWidth === 0) return;
    width = canvas.clientWidth;
    requestAnimationFrame(draw);
  }).observe(canvas);
  selection.follow((name) => mark(canvas, name));
  return h("figure", { class: "plot" }, canvas,
    h("figcaption", { class: "plot-notes" }, "Layers stand in the order of the network; the error of a layer is told in decibels of signal over error, fewer are worse. Choose one to see its numbers, its cause and its surroundings."));
}

function chart(row: Row, layers: Layer[], width: number, selection: Selection, tip: HTMLElement): SVGElement {
  const step = (width - LEFT - RIGHT) / Math.max(layers.length, 1);
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / row.top);
  return svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "group", "aria-label": row.title },
    svg("text", { class: "axis-title", x: LEFT, y: 12 }, row.title),
    svg("g", { class: "grid" }, row.ticks.map(({ value }) => svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }))),
    row.ticks.map(({ value, says }) => svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, says)),
    layers.map((layer, i) => column(row, layer, { x: LEFT + i * step, step, y }, selection, tip)));
}

interface Place { x: number; step: number; y(value: number): number }

function column(row: Row, layer: Layer, place: Place, selection: Selection, tip: HTMLElement): SVGElement {
  const bars = row.bars(layer);
  const wide = Math.min(place.step * 0.76, 34) / bars.length, left = place.x + (place.step - wide * bars.length) / 2;
  const dot = row.dot?.(layer) ?? null;
  const choose = () => selection.select(layer.node);
  return svg("g", {
    class: "layer", "data-node": layer.node, tabindex: 0, role: "button", "aria-label": `${layer.node}, ${decibels(layer.isolated)} alone`,
    onclick: choose, onkeydown: (event) => { if (["Enter", " "].includes((event as KeyboardEvent).key)) { event.preventDefault(); choose(); } },
    onpointerenter: () => showTip(tip, layer, place), onpointerleave: () => { tip.hidden = true; },
  },
    svg("rect", { class: "target", x: place.x, y: 18, width: place.step, height: HEIGHT - 18 }),
    bars.map(({ kind, value }, i) => svg("rect", { class: `bar-${kind}`, x: left + i * wide, y: place.y(value), width: Math.max(wide - 1, 1), height: Math.max(place.y(0) - place.y(value), 0) })),
    dot !== null && svg("circle", { class: "dot", cx: place.x + place.step / 2, cy: place.y(dot), r: 3.2 }));
}

function showTip(tip: HTMLElement, layer: Layer, place: Place): void {
  tip.replaceChildren(h("b", {}, layer.node), h("small", {}, ` ${layer.op}`),
    h("dl", {},
      h("dt", {}, "alone, in the network"), h("dd", {}, `${decibels(layer.isolated)}, ${decibels(layer.accumulated)}`),
      layer.time && [h("dt", {}, "float, quantized"), h("dd", {}, `${timeText(layer.time.original)}, ${timeText(layer.time.quantized)}${layer.time.kernel ? ` as ${layer.time.kernel}` : ""}`)]),
    ...(layer.remedy ? [h("p", {}, layer.remedy.cause)] : []));
  tip.hidden = false;
  const room = (tip.parentElement?.clientWidth ?? 0) - tip.offsetWidth;
  tip.style.left = `${Math.max(0, Math.min(place.x + place.step, room))}px`;
  tip.style.top = "28px";
}

function mark(canvas: HTMLElement, name: string | null): void {
  for (const group of canvas.querySelectorAll<SVGElement>(".layer")) {
    group.classList.toggle("chosen", group.dataset.node === name);
    group.setAttribute("aria-pressed", String(group.dataset.node === name));
  }
}
