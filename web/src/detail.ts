// Everything that is known of one candidate.
import { asFraction } from "./axes";
import { type Child, h } from "./dom";
import { bytesText, countText, differenceText, figureLine, type FigureText, figureText, percentText, probabilityText, secondsText } from "./format";
import type { Candidate, Figure, Latency, Metrics, ModelReport } from "./report";
import { ACCURACY, badge, SPEED, STATUS } from "./verdict";

export function detail(candidate: Candidate, model: ModelReport): Child[] {
  const { accuracy, latency, artifact } = candidate;
  return [
    candidate.notes.length > 0 && block("Notes", h("ul", { class: "notes" }, candidate.notes.map((note) => h("li", {}, note)))),
    accuracy && block("Accuracy", metricsTable(candidate), mcnemarText(candidate, model)),
    latency && block("Time of one inference", latencyTable(latency.original, latency.quantized),
      h("p", {}, "The candidate's time over float's, measured in turns in one session: ", h("b", {}, figureLine(latency.ratio)), " ", badge(SPEED, latency.verdict))),
    candidate.achieved && block("What the hardware did", list([
      ["Operations", candidate.achieved.operations, candidate.achieved.operations_of_peak],
      ["Memory traffic", candidate.achieved.bytes, candidate.achieved.bytes_of_peak],
    ].map(([name, figure, peak]) => [name as string, `${figureLine(figure as Figure)}, ${peakText(peak as Figure)}`]))),
    block("Layers", layersText(candidate), nodesTable(candidate)),
    block("How it was made", list([
      ["Recipe", h("code", {}, candidate.recipe)],
      ["Target", `${candidate.target} (${candidate.hardware_target})`],
      ["Took", tookText(candidate)],
      ["File", artifact ? [h("code", {}, artifact.path), ` ${bytesText(artifact.bytes)}`] : "none was made"],
      ["SHA-256", artifact ? copyable(artifact.sha256) : null],
      ["Make it again", candidate.command && copyable(candidate.command)],
    ])),
  ];
}

/** The candidate beside the float model in five bars; what the float model needs is the full width where less is better. */
export function comparison(candidate: Candidate): Child {
  const { original_metrics: float, quantized_metrics: own } = candidate;
  if (!float || !own)
    return h("p", { class: "empty" }, "not measured", candidate.reason && `: ${candidate.reason}`);
  const rows: [string, keyof Metrics, string][] = [
    ["Accuracy", "accuracy", candidate.accuracy?.metrics[0]?.direction === "lower" ? "less is better" : "more is better"],
    ["Time", "inference_time", "less is better"],
    ["Peak memory", "memory_usage", "less is better"],
    ["Size", "model_size", "less is better"],
    ["Core use", "hardware_utilization", "share of the cores used"],
  ];
  return h("div", { class: "bars" }, rows.map(([title, key, says]) => bars(title, says, float[key], own[key])));
}

function bars(title: string, says: string, float: Figure, own: Figure): Child {
  const full = Math.max(...[float, own].flatMap((f) => [f.value ?? 0, f.high ?? 0])) || 1;
  const bar = (name: string, figure: Figure) => h("div", { class: `bar ${name}` },
    h("span", { class: "who" }, name === "float" ? "float" : "this"),
    h("span", { class: "track", "aria-hidden": "true" },
      figure.value !== null && h("span", { class: "fill", "--part": figure.value / full }),
      figure.low !== null && figure.high !== null &&
        h("span", { class: "whisker", "--from": figure.low / full, "--to": figure.high / full })),
    h("span", { class: "amount" }, figureText(figure)?.value ?? figureLine(figure)));
  return h("div", { class: "pair" }, h("p", { class: "title" }, title, h("small", {}, says)), bar("float", float), bar("own", own));
}

const block = (title: string, ...children: Child[]) => h("section", { class: "block" }, h("h4", {}, title), ...children);

function list(entries: [string, Child][]): HTMLElement {
  return h("dl", {}, entries.map(([name, value]) => value && [h("dt", {}, name), h("dd", {}, value)]));
}

function metricsTable(candidate: Candidate): Child {
  const accuracy = candidate.accuracy!;
  const cell = (figure: Figure, show: (figure: Figure) => FigureText | null = figureText) => {
    const text = show(figure);
    return h("td", {}, text ? [text.value, text.interval && h("small", {}, text.interval)] : figureLine(figure));
  };
  const retention = candidate.accuracy_retention;
  return [
    accuracy.metrics.length === 0
      ? h("p", {}, "The data has no labels, so the candidate is compared with the float model's own outputs.")
      : scrolled(h("table", { class: "figures" },
        h("thead", {}, h("tr", {}, ["Metric", "Float", "Candidate", "Difference", ""].map((title) => h("th", { scope: "col" }, title)))),
        h("tbody", {}, accuracy.metrics.map((metric) => h("tr", {},
          h("th", { scope: "row" }, metric.name, h("small", {}, `${metric.direction} is better`)),
          cell(metric.original), cell(metric.quantized), cell(metric.difference, differenceText), h("td", {}, badge(ACCURACY, metric.verdict))))))),
    list([
      ["Accuracy kept", retention && figureLine(asFraction(retention))],
      ["Agreement with float", figureLine(accuracy.agreement)],
      ["SQNR of the outputs", figureLine(accuracy.sqnr)],
    ]),
  ];
}

function mcnemarText(candidate: Candidate, model: ModelReport): Child {
  const test = candidate.accuracy?.mcnemar;
  if (!test) return null;
  const { b, c, p } = test;
  const sign = p < 0.05 ? "That is more than chance explains" : "Chance alone could explain that";
  return h("p", { class: "mcnemar" }, `Of ${countText(model.dataset.evaluation_samples)} samples, only float has `, h("b", {}, countText(b)),
    " right, and only the candidate has ", h("b", {}, countText(c)), ` right. ${sign} (exact McNemar test, ${probabilityText(p)}).`);
}

function latencyTable(float: Latency, own: Latency): Child {
  const rows: [string, keyof Latency][] = [["Median", "p50"], ["90th percentile", "p90"], ["99th percentile", "p99"], ["Loading the model", "load_time"]];
  const cell = (figure: Figure) => {
    const text = figureText(figure);
    return h("td", {}, text ? [text.value, text.interval && h("small", {}, text.interval)] : figureLine(figure));
  };
  return scrolled(h("table", { class: "figures" },
    h("thead", {}, h("tr", {}, ["", "Float", "Candidate"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, rows.map(([title, key]) => h("tr", {}, h("th", { scope: "row" }, title), cell(float[key]), cell(own[key]))))));
}

const scrolled = (table: HTMLElement) => h("div", { class: "scroll" }, table);

function peakText(peak: Figure): string {
  return peak.value === null ? figureLine(peak) : `${percentText(peak.value)} of this machine's measured peak`;
}

function layersText(candidate: Candidate): Child {
  const { layers_quantized: done, layers_total: total } = candidate;
  if (done === null || total === null) return candidate.float_nodes.length === 0 && h("p", {}, "No layer was quantized.");
  return h("p", {}, h("b", {}, `${countText(done)} of ${countText(total)}`), " layers quantized",
    candidate.float_nodes.length === 0 ? "; none was kept in float by decision." : `; ${countText(candidate.float_nodes.length)} kept in float:`);
}

function nodesTable(candidate: Candidate): Child {
  if (candidate.float_nodes.length === 0) return null;
  return h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Nodes kept in float" }, h("table", { class: "figures nodes" },
    h("thead", {}, h("tr", {}, ["Node", "Operator", "Why"].map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, candidate.float_nodes.map(({ node, op, reason }) =>
      h("tr", {}, h("th", { scope: "row" }, h("code", {}, node)), h("td", {}, op), h("td", {}, reason))))));
}

function tookText({ seconds }: Candidate): string {
  const steps = Object.entries(seconds).filter(([, value]) => value !== null && value > 0);
  return steps.length === 0 ? "not measured" : steps.map(([step, value]) => `${step} ${secondsText(value!)}`).join(" · ");
}

/** A line to copy; where the browser forbids the clipboard, the text is selected instead. */
export function copyable(text: string): HTMLElement {
  const code = h("code", {}, text);
  const button = h("button", { type: "button", class: "copy", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  } }, "Copy");
  return h("span", { class: "copyable" }, code, button);
}

/** Name, status and verdicts of a candidate in one line. */
export function candidateHead(candidate: Candidate): Child {
  const first = candidate.accuracy?.metrics[0];
  return [
    candidate.latency && badge(SPEED, candidate.latency.verdict),
    first && h("span", { class: "with-label" }, "accuracy ", badge(ACCURACY, first.verdict)),
    candidate.status === "ok" ? null : badge(STATUS, candidate.status),
  ];
}
