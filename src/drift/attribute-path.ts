/** Paths to a value inside a resource's attributes, and how they are written. */

/** One step of a path: a key, an index, or `null` for an element that is matched by value. */
export type Segment = string | number | null;

/** The text of a path without indexes: all elements of a list have the same one. */
export function withoutIndexes(path: string): string {
  return path.replace(/\[(?:\*|\d+)\]/g, '');
}

/** The path as text: `tags.Owner`, `tags["a.b/c"]`, `ingress[*]`, `versioning[0].enabled`. */
export function formatPath(segments: readonly Segment[]): string {
  let path = '';
  for (const segment of segments) {
    if (segment === null) path += '[*]';
    else if (typeof segment === 'number') path += `[${segment}]`;
    else if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(segment)) path += `[${JSON.stringify(segment)}]`;
    else path += path === '' ? segment : `.${segment}`;
  }
  return path;
}
