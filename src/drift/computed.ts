/** Attributes that nobody can set: which of their changes people are told. */

import type { Segment } from './attribute-path.ts';
import type { JudgedRow } from './attributes.ts';
import { isClock } from './clocks.ts';
import type { Schema } from './schema.ts';

/** The rows of a resource without clocks and counters that the cloud keeps. */
export function withoutClocks(
  type: string,
  rows: readonly JudgedRow[],
  schema: Schema | undefined,
): readonly JudgedRow[] {
  return rows.filter(
    ({ raw, set }) =>
      set === true || schema?.at(type, raw.segments)?.settable === true || !isClock(type, raw.segments, raw),
  );
}

/** True if the schema says that the provider computes the attribute and that the code can't set it. */
export function isComputed(type: string, segments: readonly Segment[], schema: Schema | undefined): boolean {
  const place = schema?.at(type, segments);
  return place?.computed === true && !place.settable;
}
