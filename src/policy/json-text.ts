/** JSON text in pieces, so that a plan of hundreds of MB is never one text in memory and never blocks the process. */
import type { Json } from '../drift/finding.ts';
import { isBigNumber } from '../drift/json-value.ts';

/** Objects and lists down to this depth are taken apart; a piece below is small: one resource of a plan. */
const DEPTH = 3;
const PIECE = 64 * 1024;

/** The pieces of `JSON.stringify(value)`, each of about 64 KiB. */
export function* jsonPieces(value: Json): Generator<string, void, undefined> {
  let piece = '';
  for (const part of parts(value, DEPTH)) {
    piece += part;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

function* parts(value: Json, depth: number): Generator<string, void, undefined> {
  if (depth === 0 || value === null || typeof value !== 'object' || isBigNumber(value)) {
    yield JSON.stringify(value) ?? 'null';
    return;
  }
  if (Array.isArray(value)) {
    let sign = '[';
    for (const item of value) {
      yield sign;
      yield* parts(item ?? null, depth - 1);
      sign = ',';
    }
    yield sign === '[' ? '[]' : ']';
    return;
  }
  let sign = '{';
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    yield `${sign}${JSON.stringify(key)}:`;
    yield* parts(item, depth - 1);
    sign = ',';
  }
  yield sign === '{' ? '{}' : '}';
}
