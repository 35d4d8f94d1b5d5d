// All candidates of a model in a table that can be sorted; the float model stands first as the reference.
import { asFraction, metricTitle } from "./axes";
import { type Child, h, svg } from "./dom";
import { figureText, percentText } from "./format";
import { intervalDrawing, intervalScale } from "./interval";
import type { MethodMark } from "./method";
import type { Candidate, Constraints, Figure, Metrics, ModelReport, Status } from "./report";
import type { Selection } from "./selection";
import { badge, SPEED, STATUS } from "./verdict";

interface Column {
  key: string;
  title: string;
  first: "ascending" | "descending";       // best first
  rank(candidate: Candidate): number | string | null;
  cell(candidate: Candidate): Child;
  float(metrics: Metrics): Child;
}

export function table(model: ModelReport, constraints: Constraints, methods: Map<string, MethodMark>, selection: Selection): HTMLElement {
  const columns = columnsOf(model, constraints, methods, selection);
  const body = h("tbody", {});
  const rows = new Map(model.candidates.map((candidate) => [candidate, row(candidate, columns, selection)]));
  const headers = columns.map((column) => h("th", { scope: "col", class: `col-${column.key}` },
    h("button", { type: "button", onclick: () => sortBy(column) }, column.title, h("span", { class: "sort", "aria-hidden": "true" }))));

  let sorted: { column: Column; direction: "ascending" | "descending" } | null = null;
  const sortBy = (column: Column) => {
    const again = sorted?.column === column;
    sorted = { column, direction: again && sorted!.direction === column.first ? opposite(column.first) : column.first };
    headers.forEach((th, i) => columns[i] === column ? th.setAttribute("aria-sort", sorted!.direction) : th.removeAttribute("aria-sort"));
    body.append(...sortCandidates(model.candidates, column.rank, sorted.direction).map((candidate) => rows.get(candidate)!));
  };
  sortBy(columns.at(-1)!);
  selection.follow((name) => rows.forEach((tr, candidate) => tr.classList.toggle("chosen", candidate.name === name)));

  return h("div", { class: "table-frame" }, h("table", { class: "candidates" },
    h("caption", {}, "Candidates. Choose one to see all of its figures."),
    h("thead", {}, h("tr", {}, headers)),
    model.original_metrics && h("tbody", { class: "reference" }, floatRow(model.original_metrics, columns)),
    body));
}

const opposite = (direction: "ascending" | "descending") => (direction === "ascending" ? "descending" : "ascending");

/** Stable; candidates without a value stay last in both directions. */
export function sortCandidates<T>(candidates: T[], rank: (candidate: T) => number | string | null, direction: "ascending" | "descending"): T[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...candidates].sort((a, b) => {
    const [ra, rb] = [rank(a), rank(b)];
    if (ra === null || rb === null) return Number(ra === null) - Number(rb === null);
    return ra < rb ? -sign : ra > rb ? sign : 0;
  });
}

function row(candidate: Candidate, columns: Column[], selection: Selection): HTMLElement {
  const choose = (event: Event) => {
    if (!(event.target as Element).closest("a, button")) selection.select(candidate.name);
  };
  return h("tr", { class: candidate.status, onclick: choose }, columns.map((column, i) =>
    h(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: `col-${column.key}`, "data-label": column.title }, column.cell(candidate))));
}

function floatRow(metrics: Metrics, columns: Column[]): HTMLElement {
  return h("tr", {}, columns.map((column, i) =>
    h(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: `col-${column.key}`, "data-label": column.title }, column.float(metrics))));
}

const STATUS_ORDER: Status[] = ["ok", "not_better", "refused", "timeout", "worker_died"];

/** Recommended, runners-up, front, the other measured ones, then those that failed. */
export function standing(candidate: Candidate, model: ModelReport): number {
  const { recommended, pareto } = model;
  const runner = recommended.runners_up.findIndex((r) => r.candidate === candidate.name);
  if (candidate.name === recommended.candidate) return 0;
  if (runner >= 0) return 1 + runner;
  const front = pareto.includes(candidate.name) ? 0 : 100;
  return 1000 + 1000 * STATUS_ORDER.indexOf(candidate.status) + front;
}

function columnsOf(model: ModelReport, constraints: Constraints, methods: Map<string, MethodMark>, selection: Selection): Column[] {
  const of = (pick: (m: Metrics) => Figure) => (c: Candidate) => (c.quantized_metrics ? pick(c.quantized_metrics).value : null);
  const lowerIsBetter = model.candidates.find((c) => c.accuracy?.metrics[0])?.accuracy?.metrics[0]?.direction === "lower";
  const kept = intervalScale(model.candidates.map((c) => c.accuracy_retention), 1, constraints.accuracy_threshold, null);
  const speed = intervalScale(model.candidates.map((c) => c.speedup_factor), 1,
    constraints.max_latency_ratio && 1 / constraints.max_latency_ratio, model.control?.smallest_effect ?? null);
  return [
    { key: "name", title: "Candidate", first: "ascending", rank: (c) => c.name,
      cell: (c) => nameCell(c, model, methods, selection), float: () => [h("span", { class: "name" }, "float"), small("the model as given")] },
    { key: "accuracy", title: metricTitle(model), first: lowerIsBetter ? "ascending" : "descending", rank: of((m) => m.accuracy),
      cell: (c) => figureCell(c.quantized_metrics?.accuracy, c), float: (m) => figureCell(m.accuracy) },
    { key: "kept", title: "Accuracy kept", first: "descending", rank: (c) => c.accuracy_retention?.value ?? null,
      cell: (c) => [figureCell(asFraction(c.accuracy_retention), c),
        intervalDrawing(c.accuracy_retention, kept, c.accuracy_retention && c.accuracy_retention.value! < constraints.accuracy_threshold ? "bad" : "plain")],
      float: () => "" },
    { key: "speed", title: "Speed", first: "descending", rank: (c) => c.speedup_factor?.value ?? null,
      cell: (c) => [figureCell(c.speedup_factor, c, c.latency && badge(SPEED, c.latency.verdict)),
        intervalDrawing(c.speedup_factor, speed, c.latency ? SPEED[c.latency.verdict]?.tone ?? "plain" : "plain")],
      float: (m) => figureCell(m.inference_time) },
    { key: "size", title: "Size", first: "ascending", rank: of((m) => m.model_size),
      cell: (c) => c.quantized_metrics ? [figureCell(c.quantized_metrics.model_size, c), share(c.quantized_metrics.compression_ratio)] : missing(c),
      float: (m) => figureCell(m.model_size) },
    { key: "memory", title: "Peak memory", first: "ascending", rank: of((m) => m.memory_usage),
      cell: (c) => [figureCell(c.quantized_metrics?.memory_usage, c), change(c.memory_reduction)], float: (m) => figureCell(m.memory_usage) },
    { key: "status", title: "Status", first: "ascending", rank: (c) => standing(c, model),
      cell: (c) => statusCell(c, model), float: () => small("reference") },
  ];
}

const small = (...children: Child[]) => h("small", {}, ...children);

function nameCell(candidate: Candidate, model: ModelReport, methods: Map<string, MethodMark>, selection: Selection): Child {
  const method = methods.get(candidate.method)!;
  return [
    svg("svg", { class: `point on-front method-${method.slot}`, viewBox: "-10 -10 20 20", width: 16, height: 16, "aria-hidden": "true" },
      svg("path", { class: "shape", d: method.path, transform: "scale(6)" })),
    h("button", { type: "button", class: "name", onclick: () => selection.select(candidate.name) }, candidate.name),
    candidate.name === model.recommended.candidate && h("span", { class: "badge ship" }, "★ ship this"),
    small(method.title, " · ", h("code", {}, candidate.recipe)),
  ];
}

function figureCell(figure: Figure | null | undefined, candidate?: Candidate, beside: Child = null): Child {
  if (!figure) return candidate ? missing(candidate) : "";
  const text = figureText(figure);
  if (!text) return h("span", { class: "missing", title: figure.reason ?? "" }, "not measured");
  return [h("span", { class: "value" }, text.value, beside), text.interval && small(text.interval)];
}

const missing = (candidate: Candidate) => h("span", { class: "missing", title: candidate.reason ?? "", "aria-label": "not measured" }, "–");

function share(ratio: Figure): Child {
  return ratio.value !== null && small(`${percentText(ratio.value)} of float`);
}

function change(reduction: Figure | null): Child {
  if (reduction?.value == null) return null;
  const percent = percentText(Math.abs(reduction.value));
  return small(reduction.value >= 0 ? `${percent} less` : `${percent} more`);
}

function statusCell(candidate: Candidate, model: ModelReport): Child {
  return [
    badge(STATUS, candidate.status),
    model.pareto.includes(candidate.name) && h("span", { class: "badge front", title: "No other candidate beats it in accuracy, speed and size at once." }, "Pareto front"),
    candidate.reason && small(candidate.reason),
  ];
}

