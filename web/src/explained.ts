// Figures of an explanation in words.
import type { Likeness, Seconds } from "./explanation";
import { secondsText } from "./format";

export function decibels(likeness: Likeness | null): string {
  if (likeness === null) return "not compared";
  if (likeness.not_finite > 0) return "not finite";
  return likeness.sqnr === null ? "exact" : `${likeness.sqnr.toFixed(1)} dB`;
}

export const timeText = ({ value }: Seconds) => (value === null ? "not shown" : secondsText(value));

/** A share with two digits, however small. */
export const shareText = (share: number) => (share === 0 ? "0" : `${Number((100 * share).toPrecision(2))}\u00a0%`);
