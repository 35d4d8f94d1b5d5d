// What `bitwright explain` found out, as its page reads it. Every field is always present; shares from 0 to 1, times in seconds.
import { ReportError } from "./report";

export interface Likeness {
  sqnr: number | null;          // decibels; null when there is no error
  cosine: number;
  not_finite: number;           // elements that are no numbers where the float model's are
}

export interface Seconds { value: number | null; low: number | null; high: number | null }

export interface Rounded {
  value: string;
  input: boolean;               // the layer reads it; else it makes it
  bits: number;
  clipped: number;
  used: number;
  noise: number;
  clip_noise: number;
  outlier: number;
  spread: number;
}

export interface Weight {
  bits: number;
  scales: number;
  used: number;
  noise: number;
  gain: number;
  outlier: number;
  spread: number;
  rescaled: boolean;            // by channel: the layer's values are not the float model's
  saturating_pairs: number;
}

export interface Neighbourhood {
  nodes: { name: string; op: string; own: boolean }[];
  edges: { from: number; to: number }[];
}

export interface Layer {
  node: string;
  op: string;
  quantized_node: string;
  original_nodes: string[];
  quantized_nodes: string[];
  position: number;             // among the nodes of the float model
  before: Neighbourhood;
  after: Neighbourhood;
  isolated: Likeness | null;
  accumulated: Likeness | null;
  damage: number | null;        // null: not finite
  weight: Weight | null;
  rounded: Rounded[];
  remedy: { cause: string; recipe: string } | null;
  time: { original: Seconds; quantized: Seconds; kernel: string; in_float: string } | null;
}

export interface Explanation {
  version: 1;
  original: string;
  quantized: string;
  quantize: string;             // a command line to which --recipe is added
  samples: number;
  outputs: { name: string; likeness: Likeness }[];
  layers: Layer[];              // the most damaged first
  method: string;
  time: { original: Seconds; quantized: Seconds; conversions: Seconds } | null;
  unmatched: string[];
  tried: object | null;
}

/** The page's data when it is an explanation; null when it is something else. */
export function explanationIn(text: string): Explanation | null {
  let data: unknown = null;
  try {
    data = JSON.parse(text);
  } catch {
    return null;                // whoever reads a report says what is wrong
  }
  if (data === null || typeof data !== "object" || !("quantized" in data)) return null;
  const explanation = data as Partial<Explanation>;
  if (explanation.version !== 1) throw new ReportError(`This page reads explanations of version 1, but the data says version ${String(explanation.version)}.`);
  if (!Array.isArray(explanation.layers)) throw new ReportError("The explanation has no list of layers.");
  return explanation as Explanation;
}
