import { arrayOf, intOf, textOf, textsOf } from './arguments.ts';
import { parseFloatText, truncate } from './big-float.ts';
import { BuiltinFailure } from './failure.ts';
import { quote } from './quote.ts';
import { integer, print, RegoNumber, RegoObject, RegoSet, type RegoValue, sorted } from './value.ts';

type Args = readonly RegoValue[];

const BASES: ReadonlySet<string> = new Set(['2', '8', '10', '16']);

/** `format_int`: fractions are cut off; the base by its very text. */
export function formatInt([value, base]: Args): RegoValue | undefined {
  if (!(value instanceof RegoNumber) || !(base instanceof RegoNumber)) return undefined;
  if (!BASES.has(base.text)) return undefined;
  const whole = /^[+-]?\d+$/.test(value.text) ? BigInt(value.text) : truncate(parseFloatText(value.text));
  return whole.toString(Number(base.text));
}

/** `concat`: of an array in its order, of a set in OPA's. */
export function concat([by, texts]: Args): RegoValue | undefined {
  const all = textsOf(texts);
  return typeof by === 'string' ? all?.join(by) : undefined;
}

/** `substring`, by characters. */
export function substring([text, from, length]: Args): RegoValue | undefined {
  const base = textOf(text);
  const [start, count] = [intOf(from), intOf(length)];
  if (base === undefined || start === undefined || count === undefined || start < 0) return undefined;
  const runes = Array.from(base);
  return runes.slice(start, count < 0 ? undefined : start + count).join('');
}

/** Positions, by characters, at which a text stands in another; they may overlap. */
function positions(text: string, part: string): number[] {
  const [runes, wanted] = [Array.from(text), Array.from(part)];
  const found: number[] = [];
  for (let i = 0; i + wanted.length <= runes.length; i++) {
    if (wanted.every((rune, j) => runes[i + j] === rune)) found.push(i);
  }
  return found;
}

/** `indexof`: -1 where there is none. */
export function indexOf([text, part]: Args): RegoValue | undefined {
  if (typeof text !== 'string' || typeof part !== 'string' || part === '') return undefined;
  return integer(positions(text, part)[0] ?? -1);
}

/** `indexof_n`. */
export function indexOfN([text, part]: Args): RegoValue | undefined {
  if (typeof text !== 'string' || typeof part !== 'string') return undefined;
  if (part === '') throw new BuiltinFailure('indexof_n: an empty text to look for');
  return positions(text, part).map(integer);
}

/** Go's strings.Replacer: at each place the first pair that fits, each text read once. */
function replaceAll(text: string, pairs: readonly (readonly [string, string])[]): string {
  if (pairs.some(([old]) => old === '') && /[^\u0000-\u007f]/.test(text)) {
    // Go would put the new text between the bytes of one character.
    throw new BuiltinFailure('replace: nothing as the text to replace, in a text beyond ASCII');
  }
  let out = '';
  let afterEmpty = false;
  let at = 0;
  while (at <= text.length) {
    const pair = pairs.find(([old]) => (old === '' ? !afterEmpty : text.startsWith(old, at)));
    afterEmpty = pair?.[0] === '';
    out += pair === undefined ? text.charAt(at) : pair[1];
    at += pair?.[0].length ?? 1;
  }
  return out;
}

/** `replace`. */
export function replaceText([text, old, by]: Args): RegoValue | undefined {
  if (typeof text !== 'string' || typeof old !== 'string' || typeof by !== 'string') return undefined;
  return replaceAll(text, [[old, by]]);
}

/** `strings.replace_n`: the pairs in the order of what is replaced. */
export function replaceN([patterns, text]: Args): RegoValue | undefined {
  if (!(patterns instanceof RegoObject) || typeof text !== 'string') return undefined;
  const pairs = patterns.entries;
  if (!pairs.every(([old, by]) => typeof old === 'string' && typeof by === 'string')) return undefined;
  const byOld = new Map(pairs as readonly (readonly [string, string])[]);
  const order = sorted([...byOld.keys()]) as readonly string[];
  return replaceAll(
    text,
    order.map((old) => [old, byOld.get(old) ?? '']),
  );
}

/** `strings.split_n`: the first n parts, or the last -n. */
export function splitN([text, delimiter, n]: Args): RegoValue | undefined {
  const count = intOf(n);
  if (typeof text !== 'string' || typeof delimiter !== 'string' || count === undefined) return undefined;
  const parts = delimiter === '' ? Array.from(text) : text.split(delimiter);
  return count >= 0 ? parts.slice(0, count) : parts.slice(count);
}

function anyOf([search, base]: Args, fits: (text: string, affix: string) => boolean): RegoValue | undefined {
  const texts = typeof search === 'string' ? [search] : textsOf(search);
  const affixes = typeof base === 'string' ? [base] : textsOf(base);
  if (texts === undefined || affixes === undefined) return undefined;
  return texts.some((t) => affixes.some((a) => fits(t, a)));
}

/** `strings.any_prefix_match`. */
export function anyPrefix(args: Args): RegoValue | undefined {
  return anyOf(args, (text, affix) => text.startsWith(affix));
}

/** `strings.any_suffix_match`. */
export function anySuffix(args: Args): RegoValue | undefined {
  return anyOf(args, (text, affix) => text.endsWith(affix));
}

/** `$"…{x}…"`: each part a text, or the set of what an expression is. */
export function templateString([parts]: Args): RegoValue | undefined {
  const shown = arrayOf(parts)?.map((part) => {
    if (!(part instanceof RegoSet)) return shownAs(part);
    if (part.items.length === 0) return '<undefined>';
    if (part.items.length > 1) throw new BuiltinFailure('a template string with several values for one part');
    return shownAs(part.items[0] as RegoValue);
  });
  return shown?.join('');
}

function shownAs(value: RegoValue): string {
  return typeof value === 'string' ? value : print(value, quote);
}
