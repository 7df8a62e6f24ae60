/** The limits of the bench and the rows of its table. */
/** A value measured several times, and the upper limit of its median. */
export interface Limit {
  readonly what: string;
  readonly measured: readonly number[];
  readonly most: number;
  readonly unit: string;
}

/** One row of the table: median, minimum and maximum. */
export function rowOf({ what, measured, most, unit }: Limit): string {
  const sorted = measured.toSorted((a, b) => a - b);
  const show = (value: number | undefined): string => (value ?? 0).toFixed(2);
  const verdict = broken({ what, measured, most, unit }) ? 'BROKEN' : 'ok';
  const range = `${show(sorted[0])}–${show(sorted.at(-1))}`;
  return `| ${what} | ${show(median(measured))}${unit} | ${range} | ≤ ${most}${unit} | ${verdict} |`;
}

/** The median of the values. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** True if the median exceeds the limit. */
export function broken({ measured, most }: Limit): boolean {
  return median(measured) > most;
}
