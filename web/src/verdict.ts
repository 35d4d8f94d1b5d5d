// Verdicts and states in words and marks. Colour only repeats what the word and the mark say.
import { h } from "./dom";
import type { Status, Verdict } from "./report";

interface Word { text: string; mark: string; tone: Tone; says: string }
export type Tone = "good" | "bad" | "plain" | "unsure";

export const SPEED: Record<Verdict, Word> = {
  better: { text: "faster", mark: "▲", tone: "good", says: "Faster than float: the interval excludes equal speed." },
  same: { text: "same speed", mark: "=", tone: "plain", says: "The whole interval is close to equal speed." },
  worse: { text: "slower", mark: "▼", tone: "bad", says: "Slower than float: the interval excludes equal speed." },
  inconclusive: { text: "inconclusive", mark: "?", tone: "unsure", says: "The interval is too wide to say faster, slower or same. More runs or a quieter machine would tell." },
};

export const ACCURACY: Record<Verdict, Word> = {
  better: { text: "better", mark: "▲", tone: "good", says: "Better than float: the paired interval lies above zero difference." },
  same: { text: "same", mark: "=", tone: "plain", says: "The whole interval is close to zero difference." },
  worse: { text: "worse", mark: "▼", tone: "bad", says: "Worse than float: the paired interval excludes zero difference." },
  inconclusive: { text: "inconclusive", mark: "?", tone: "unsure", says: "The interval is too wide to say better, worse or same. More samples would tell." },
};

export const STATUS: Record<Status, Word> = {
  ok: { text: "measured", mark: "✓", tone: "plain", says: "Measured; an option to ship." },
  not_better: { text: "not better", mark: "–", tone: "plain", says: "Measured, but of no use: no gain over float, or a constraint is missed." },
  refused: { text: "refused", mark: "⊘", tone: "bad", says: "Cannot be made for this model or target." },
  worker_died: { text: "worker died", mark: "✕", tone: "bad", says: "The runtime crashed while this candidate was measured." },
  timeout: { text: "timed out", mark: "◷", tone: "bad", says: "The time limit ran out while this candidate was measured." },
};

/** What the report's list of the front means. */
export const FRONT_SAYS = "Pareto front, which nothing beats in accuracy, speed and size at once";

/** A word from a table above; an unknown key is shown as it is. */
export function badge<K extends string>(words: Record<K, Word>, key: K): HTMLElement {
  const word = words[key] ?? { text: String(key), mark: "•", tone: "plain", says: "" };
  return h("span", { class: `badge ${word.tone}`, title: word.says },
    h("span", { class: "mark", "aria-hidden": "true" }, word.mark), word.text);
}
