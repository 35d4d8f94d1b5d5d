// Everything that is known of one candidate.
import { asFraction } from "./axes";
import { type Child, h } from "./dom";
import { figuresTable } from "./figures";
import { bytesText, countText, differenceText, figureLine, type FigureText, figureText, percentText, probabilityText, secondsText } from "./format";
import type { Candidate, Figure, Metrics, ModelReport, OutputComparison } from "./report";
import { ACCURACY, badge, SPEED, STATUS } from "./verdict";

type Accuracy = NonNullable<Candidate["accuracy"]>;

export function detail(candidate: Candidate, model: ModelReport): Child[] {
  const { accuracy, latency, artifact } = candidate;
  return [
    candidate.notes.length > 0 && block("Notes", h("ul", { class: "notes" }, candidate.notes.map((note) => h("li", {}, note)))),
    accuracy && block("Accuracy", accuracyFigures(candidate, accuracy), mcnemarText(candidate, model)),
    latency && block("Time of one inference", timesTable(candidate),
      h("p", {}, "The candidate's time over float's, measured in turns in one session: ", h("b", {}, figureLine(latency.ratio)), " ", badge(SPEED, latency.verdict))),
    candidate.achieved && block("What the hardware did", list([
      ["Operations", candidate.achieved.operations, candidate.achieved.operations_of_peak],
      ["Memory traffic", candidate.achieved.bytes, candidate.achieved.bytes_of_peak],
    ].map(([name, figure, peak]) => [name as string, `${figureLine(figure as Figure)}, ${peakText(peak as Figure)}`]))),
    block("Layers", layersText(candidate), nodesTable(candidate)),
    block("How it was made", list([
      ["Recipe", h("code", {}, candidate.recipe)],
      ["Target", `${candidate.target} (${candidate.hardware_target})`],
      ["Measured in", candidate.runtime === model.model.runtime ? candidate.runtime : `${candidate.runtime}, against float in ${model.model.runtime}`],
      ["Took", tookText(candidate)],
      ["Files", artifact ? artifact.files.map((file) => h("div", {}, h("code", {}, file.path), ` ${bytesText(file.bytes)}`)) : "none was made"],
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
    h("span", { class: "amount" }, figureText(figure)?.value ?? "–"));
  const missing = [own, float].find((figure) => figure.value === null);
  return h("div", { class: "pair" }, h("p", { class: "title" }, title, h("small", {}, says)), bar("float", float), bar("own", own),
    missing && h("p", { class: "empty" }, figureLine(missing)));
}

const block = (title: string, ...children: Child[]) => h("section", { class: "block" }, h("h4", {}, title), ...children);

function list(entries: [string, Child][]): HTMLElement {
  return h("dl", {}, entries.map(([name, value]) => value && [h("dt", {}, name), h("dd", {}, value)]));
}

const withInterval = (text: FigureText | null, figure: Figure): Child =>
  text ? [text.value, text.interval && h("small", {}, text.interval)] : figureLine(figure);
const figureCell = (figure: Figure) => withInterval(figureText(figure), figure);

function accuracyFigures({ accuracy_retention: retention }: Candidate, accuracy: Accuracy): Child {
  const { metrics, outputs, decided_by, decided_on } = accuracy;
  const several = outputs.length > 1;
  return [
    metrics.length === 0
      ? h("p", {}, "The data has no labels, so the candidate is compared with the float model's own outputs.")
      : figuresTable(["Metric", "Float", "Candidate", "Difference", "Verdict"], metrics.map((metric) => [
        [metric.name, h("small", {}, `${metric.direction} is better`)],
        figureCell(metric.original), figureCell(metric.quantized), withInterval(differenceText(metric.difference), metric.difference),
        badge(ACCURACY, metric.verdict)])),
    list([
      ["Accuracy kept", retention && [figureLine(asFraction(retention)),
        decided_by && h("small", {}, ` by ${decided_by}`, several && decided_on && [" of ", h("code", {}, decided_on)])]],
      ["Agreement with float", several ? null : figureLine(accuracy.agreement)],
      ["SQNR of the outputs", several ? null : figureLine(accuracy.sqnr)],
    ]),
    several && outputsTable(accuracy),
    outputs.map(faultsText),
  ];
}

/** Each output beside the float model's, by the measure that fits it and by its noise. */
function outputsTable({ outputs, decided_on }: Accuracy): Child {
  return figuresTable(["Output", "Compared by", "Kept", "SQNR"], outputs.map((output) => [
    [h("code", {}, output.name), h("small", {}, output.name === decided_on ? "decides what is kept" : `${countText(output.elements)} numbers`)],
    output.measure, figureCell(output[output.measure]), figureCell(output.sqnr)]), "outputs");
}

function faultsText({ name, elements, not_finite, not_finite_samples, resized_samples }: OutputComparison): Child {
  return [
    not_finite > 0 && h("p", { class: "reason" }, `${countText(not_finite)} of ${countText(elements)} numbers of output `, h("code", {}, name),
      ` are NaN or infinite where float's are not, in ${countText(not_finite_samples)} samples.`),
    resized_samples > 0 && h("p", { class: "reason" }, "Output ", h("code", {}, name), ` has another number of elements than float's in ${countText(resized_samples)} samples.`),
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

/** The medians are those that the ratio is of. */
function timesTable({ original_metrics: float, quantized_metrics: own, latency }: Candidate): Child {
  const rows: [string, Figure | undefined, Figure | undefined][] = [
    ["Median", float?.inference_time, own?.inference_time],
    ["90th percentile", latency!.original.p90, latency!.quantized.p90],
    ["99th percentile", latency!.original.p99, latency!.quantized.p99],
    ["Loading the model", latency!.original.load_time, latency!.quantized.load_time],
  ];
  return [figuresTable(["Time", "Float", "Candidate"], rows.map(([title, ...figures]) => [title, ...figures.map((figure) => figure && figureCell(figure))])),
    latency!.timed_with.length > 0 && h("p", {}, `Timed together with ${latency!.timed_with.join(", ")}: the same graph, with other numbers in it.`)];
}

function peakText(peak: Figure): string {
  return peak.value === null ? figureLine(peak) : `${percentText(peak.value)} of this machine's measured peak`;
}

function layersText(candidate: Candidate): Child {
  const { layers_quantized: done, layers_total: total } = candidate;
  if (done === null || total === null) return candidate.float_nodes.length === 0 && h("p", {}, "No layer was quantized.");
  return h("p", {}, h("b", {}, `${countText(done)} of ${countText(total)}`), " layers quantized",
    candidate.float_nodes.length === 0 ? "; none was kept in float by decision." : `; ${countText(candidate.float_nodes.length)} kept in float:`);
}

function nodesTable({ float_nodes: nodes }: Candidate): Child {
  return nodes.length > 0 && h("div", { class: "tall", tabindex: 0, role: "region", "aria-label": "Nodes kept in float" },
    figuresTable(["Node", "Operator", "Why"], nodes.map(({ node, op, reason }) => [h("code", {}, node), op, reason]), "nodes"));
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
