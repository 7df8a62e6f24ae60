/** Patterns of m0.yaml over addresses and attribute paths. `*` matches any characters except a separating dot. */

/** The parts between the dots. A dot in brackets or quotes is part of a key. */
export function dotted(path: string): readonly string[] {
  const segments: string[] = [];
  let from = 0;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < path.length; i++) {
    const character = path[i];
    if (quoted) {
      if (character === '\\') i += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '[') depth += 1;
    else if (character === ']') depth -= 1;
    else if (character === '.' && depth === 0) {
      segments.push(path.slice(from, i));
      from = i + 1;
    }
  }
  return [...segments, path.slice(from)];
}

/** Splits off each key in brackets, so that `tags.Owner` and `tags["a.b/c"]` both have two parts. */
export function keyed(segments: readonly string[]): readonly string[] {
  return segments.flatMap((segment) => segment.split(/(?=\[")/));
}

/** True if the pattern matches the whole text. */
export function covers(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return false;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === text;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let middle = text.slice(head.length, text.length - tail.length);
  for (const part of rest) {
    const at = middle.indexOf(part);
    if (at === -1) return false;
    middle = middle.slice(at + part.length);
  }
  return true;
}
