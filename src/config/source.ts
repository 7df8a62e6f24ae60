/** A YAML file that knows the line of everything in it. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { errorText } from '../base/error-text.ts';
import { ConfigError } from './config-error.ts';

/** A place in the file: keys and indexes from its top. */
export type Path = readonly (string | number)[];

/** The path as text: `stacks[0].approvers`. Other keys are in brackets. */
export function pathText(path: Path): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) return `[${JSON.stringify(key)}]`;
      return i === 0 ? key : `.${key}`;
    })
    .join('');
}

/** A parsed YAML file with the positions of its values. */
export interface YamlSource {
  readonly value: unknown;
  /**
   * Line and column (from 1) of the value at `path`, or of the nearest parent that exists. For a plain value: the
   * position of the value itself or of its `key`. For a block: always the position of its key.
   */
  position(path: Path, at: 'key' | 'value'): { readonly line: number; readonly column: number };
}

/**
 * Parses YAML. `file`: the file's name in problems. `maxAliases`: how many values aliases may bring in all, as a limit
 * for files that would expand without one. Throws a ConfigError with every syntax error and its position.
 */
export function parseYaml(file: string, content: string, maxAliases: number): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false, merge: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return `${file}:${line}:${col} ${error.message}: correct the YAML`;
      }),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: maxAliases });
  } catch (error) {
    // YAML aliases that would expand without limit cause this error.
    throw new ConfigError([`${file}:1:1 ${errorText(error)}`], {
      cause: error,
    });
  }

  /** The entry with that key, also one that a merge key (`<<`) brings; the map's own count more. */
  function pairOf(map: YAMLMap, key: string): Pair | undefined {
    const named = (name: string | symbol): readonly Pair[] =>
      map.items.filter((p) => isScalar(p.key) && String(p.key.value) === String(name));
    const [own] = named(key);
    if (own !== undefined) return own;
    const merged = map.items
      .filter((p) => isScalar(p.key) && String((p.key as Scalar).source ?? p.key.value) === '<<')
      .flatMap((p) => (isSeq(p.value) ? p.value.items : [p.value]));
    for (const one of merged) {
      const from = isAlias(one) ? one.resolve(document) : one;
      const found = isMap(from) ? pairOf(from, key) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function position(path: Path, at: 'key' | 'value'): { line: number; column: number } {
    let node: Node | null | undefined = document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const [i, key] of path.entries()) {
      if (isAlias(node)) node = node.resolve(document);
      if (isMap(node)) {
        const pair = pairOf(node, String(key));
        if (pair === undefined) break;
        const last = i === path.length - 1;
        const inner = pair.value as Node | null;
        const keyOffset = (pair.key as Node).range?.[0] ?? offset;
        offset = at === 'value' && last && isScalar(inner) ? (inner.range?.[0] ?? keyOffset) : keyOffset;
        node = inner;
      } else if (isSeq(node)) {
        const item = node.items[Number(key)] as Node | undefined;
        if (item === undefined) break;
        offset = item.range?.[0] ?? offset;
        node = item;
      } else break;
    }
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  }
  return { value, position };
}
