// Reports at the edges of the contract, made from the sample.
import explanationText from "../sample/explanation.json?raw";
import sampleText from "../sample/report.json?raw";
import type { Explanation } from "../src/explanation";
import type { Candidate, Figure, Report } from "../src/report";

export { sampleText };
export const sample = (): Report => JSON.parse(sampleText);
export const explanation = (): Explanation => JSON.parse(explanationText);

export const HOSTILE = `</script><script>document.title="hacked"</script><img src=x onerror="document.title='hacked'">`;

/** Every string in the report is markup that would run if it were parsed. */
export function hostile(): Report {
  return poisoned(sample()) as Report;
}
export const hostileExplanation = (): Explanation => poisoned(explanation()) as Explanation;

function poisoned(value: unknown, key = ""): unknown {
  const keep = new Set(["unit", "status", "verdict", "direction", "measure"]);
  if (typeof value === "string") return keep.has(key) ? value : HOSTILE + value;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poisoned(item, name)]));
}

/** No baseline, no control, no labels, nothing recommended; a method group named like a property of every object. */
export function bare(): Report {
  const report = sample();
  const model = report.models[0]!;
  const none: Figure = { value: null, low: null, high: null, n: null, unit: "seconds", reason: "the float model was not run (--no-baseline)" };
  Object.assign(model, { original_metrics: null, control: null, pareto: [], recommended: { candidate: null, sentence: "Nothing to ship.", runners_up: [] } });
  model.dataset.metric = null;
  model.candidates = model.candidates.map((candidate): Candidate => ({
    ...candidate, method: "constructor", original_metrics: null, accuracy_retention: null, speedup_factor: null, memory_reduction: null, latency: null,
    artifact: null, command: null, achieved: null, layers_quantized: null, layers_total: null,
    accuracy: candidate.accuracy && { ...candidate.accuracy, metrics: [], mcnemar: null, sqnr: { ...none, unit: "decibel" } },
  }));
  report.models = [model];
  return report;
}

/** A model for which nothing could be made. */
/** As on a machine that was too busy to judge speed. */
export function unjudged(): Report {
  const report = sample();
  const reason = "the machine was too busy to judge speed: other processes used 0.9 of its 2 processors";
  for (const model of report.models)
    for (const candidate of model.candidates)
      for (const figure of [candidate.speedup_factor, candidate.original_metrics?.inference_time, candidate.quantized_metrics?.inference_time])
        if (figure) Object.assign(figure, { value: null, low: null, high: null, n: null, reason });
  return report;
}

export function empty(): Report {
  const report = sample();
  report.models = [{ ...report.models[0]!, candidates: [], pareto: [], recommended: { candidate: null, sentence: "Ship the float model.", runners_up: [] } }];
  return report;
}

/** Many candidates, long names, the same figures. */
export function crowded(): Report {
  const report = sample();
  const model = report.models[1]!;
  model.candidates = Array.from({ length: 60 }, (_, i) => ({ ...model.candidates[i % 9]!, name: `${"very-long-name-".repeat(6)}${i}` }));
  return report;
}

/** Names, reasons and sentences without a place to break a line. */
export function unbroken(): Report {
  const report = sample();
  const long = (start: string) => `${start}${"_of_a_name_without_an_end".repeat(6)}`;
  for (const model of report.models) {
    model.model.name = long(model.model.name);
    model.model.path = long(model.model.path);
    model.dataset.name = long(model.dataset.name);
    model.dataset.guessed = [long("guessed")];
    model.recommended.runners_up = [{ candidate: long("runner"), sentence: long("runner") }];
    for (const candidate of model.candidates) {
      if (candidate.name === model.recommended.candidate) model.recommended.candidate = long(candidate.name);
      candidate.name = long(candidate.name);
      candidate.recipe = long(candidate.recipe);
      candidate.method = long(candidate.method);
      candidate.reason = candidate.reason && long("reason");
      candidate.notes = [long("note")];
      candidate.float_nodes = [{ node: long("node"), op: long("Op"), reason: long("reason") }];
      candidate.accuracy?.metrics.forEach((metric) => { metric.name = long("metric"); });
      candidate.accuracy?.outputs.forEach((output) => { output.name = long("output"); });
    }
  }
  return report;
}
