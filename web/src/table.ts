// All candidates of a model in a table that can be sorted; the float model stands first as the reference.
import { asFraction, metricTitle } from "./axes";
import { type Child, h, svg } from "./dom";
import { figureText, percentText } from "./format";
import { grouped } from "./grouped";
import { intervalDrawing, intervalScale } from "./interval";
import type { MethodMark } from "./method";
import type { Candidate, Constraints, Figure, Metrics, ModelReport, Status } from "./report";
import type { Selection } from "./selection";
import { badge, FRONT_SAYS, SPEED, STATUS } from "./verdict";

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
  const rows = rowsOf(model.candidates).map((alike) => ({ first: alike[0]!, names: alike.map(({ name }) => name),
    tr: alike[0]!.quantized_metrics ? measuredRow(alike[0]!, columns, selection) : unmeasuredRow(alike, columns, methods, selection) }));
  const headers = columns.map((column) => h("th", { scope: "col", class: `col-${column.key}` },
    h("button", { type: "button", onclick: () => sortBy(column) }, column.title, h("span", { class: "sort", "aria-hidden": "true" }))));

  let order: { column: Column; direction: "ascending" | "descending" } | null = null;
  const sortBy = (column: Column) => {
    const again = order?.column === column;
    order = { column, direction: again && order!.direction === column.first ? opposite(column.first) : column.first };
    headers.forEach((th, i) => columns[i] === column ? th.setAttribute("aria-sort", order!.direction) : th.removeAttribute("aria-sort"));
    body.append(...sortedBy(rows, (row) => column.rank(row.first), order.direction).map((row) => row.tr));
  };
  sortBy(columns.at(-1)!);
  selection.follow((chosen) => {
    for (const { tr, names } of rows) {
      tr.classList.toggle("chosen", names.some((name) => name === chosen));
      tr.querySelectorAll("button.name").forEach((button, i) => button.setAttribute("aria-pressed", String(names[i] === chosen)));
    }
  });

  return h("div", { class: "table-frame" }, h("table", { class: "candidates" },
    h("caption", {}, "Below a speed stand the candidate's time and the float model's, of the same comparison. ",
      h("span", { class: "on-screen" }, "Choose a candidate to see all of its figures. In the small drawings the dot is the figure and the bar its 95 % interval; the upright line is float, the dashed one a limit, and the grey band what cannot be told from float's own noise.")),
    h("thead", {}, h("tr", {}, headers)),
    model.original_metrics && h("tbody", { class: "reference" }, floatRow(model.original_metrics, columns)),
    body));
}

const opposite = (direction: "ascending" | "descending") => (direction === "ascending" ? "descending" : "ascending");

/** Candidates by row: those without figures that ended alike share one. */
export function rowsOf(candidates: Candidate[]): Candidate[][] {
  return [...grouped(candidates, ({ name, method, status, reason, quantized_metrics }) =>
    JSON.stringify(quantized_metrics ? [name] : [method, status, reason])).values()];
}

/** Stable; what has no value stays last in both directions. */
export function sortedBy<T>(items: T[], rank: (candidate: T) => number | string | null, direction: "ascending" | "descending"): T[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...items].sort((a, b) => {
    const [ra, rb] = [rank(a), rank(b)];
    if (ra === null || rb === null) return Number(ra === null) - Number(rb === null);
    return ra < rb ? -sign : ra > rb ? sign : 0;
  });
}

const chooses = (candidate: Candidate, selection: Selection) => (event: Event) => {
  if (!(event.target as Element).closest("a, button")) selection.select(candidate.name);
};

const cells = (columns: Column[], content: (column: Column) => Child) => columns.map((column, i) =>
  h(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: `col-${column.key}`, "data-label": column.title }, content(column)));

function measuredRow(candidate: Candidate, columns: Column[], selection: Selection): HTMLElement {
  return h("tr", { class: candidate.status, onclick: chooses(candidate, selection) }, cells(columns, (column) => column.cell(candidate)));
}

function floatRow(metrics: Metrics, columns: Column[]): HTMLElement {
  return h("tr", {}, cells(columns, (column) => column.float(metrics)));
}

/** Names and what became of them, in place of figures. */
function unmeasuredRow(alike: Candidate[], columns: Column[], methods: Map<string, MethodMark>, selection: Selection): HTMLElement {
  const { status, reason, method, recipe } = alike[0]!;
  return h("tr", { class: `unmeasured ${status}`, onclick: chooses(alike[0]!, selection) },
    h("th", { scope: "row", class: "col-name" }, methodSign(methods.get(method)!), alike.map((candidate) => [nameButton(candidate, selection), " "]),
      h("small", {}, methods.get(method)!.title, alike.length === 1 && [" · ", h("code", {}, recipe)])),
    h("td", { class: "col-status", colspan: columns.length - 1 }, badge(STATUS, status), reason && h("small", {}, reason)));
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
        intervalDrawing(c.speedup_factor, speed, c.latency ? SPEED[c.latency.verdict]?.tone ?? "plain" : "plain"), timesOf(c)],
      float: (m) => [figureCell(m.inference_time), small("one inference")] },
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

const methodSign = ({ slot, path }: MethodMark) =>
  svg("svg", { class: `point on-front method-${slot}`, viewBox: "-10 -10 20 20", width: 16, height: 16, "aria-hidden": "true" },
    svg("path", { class: "shape", d: path, transform: "scale(6)" }));

const nameButton = ({ name }: Candidate, selection: Selection) =>
  h("button", { type: "button", class: "name", onclick: () => selection.select(name) }, name);

function nameCell(candidate: Candidate, model: ModelReport, methods: Map<string, MethodMark>, selection: Selection): Child {
  const method = methods.get(candidate.method)!;
  return [
    methodSign(method), nameButton(candidate, selection),
    candidate.name === model.recommended.candidate && h("span", { class: "badge ship" }, "★ ship this"),
    small(method.title, " · ", h("code", {}, candidate.recipe), candidate.runtime !== model.model.runtime && ` · in ${candidate.runtime}`),
  ];
}

function figureCell(figure: Figure | null | undefined, candidate?: Candidate, beside: Child = null): Child {
  if (!figure) return candidate ? missing(candidate) : "";
  const text = figureText(figure);
  if (!text) return h("span", { class: "missing", title: figure.reason ?? "" }, "not measured");
  return [h("span", { class: "value" }, text.value, beside), text.interval && small(text.interval)];
}

const missing = (candidate: Candidate) => h("span", { class: "missing", title: candidate.reason ?? "", "aria-label": "not measured" }, "–");

/** What the speed is the quotient of: both times of one comparison. */
function timesOf({ original_metrics: float, quantized_metrics: own }: Candidate): Child {
  const [ownTime, floatTime] = [own, float].map((metrics) => metrics && figureText(metrics.inference_time)?.value);
  return ownTime && floatTime && small(`${ownTime} against ${floatTime}`);
}

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
    model.pareto.includes(candidate.name) && h("span", { class: "badge front", title: FRONT_SAYS }, "Pareto front"),
    candidate.reason && small(candidate.reason),
  ];
}

