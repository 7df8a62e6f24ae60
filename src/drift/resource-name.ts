/** Short names for resources in sentences. */
import type { Finding } from './finding.ts';
import { oneLine } from './value-text.ts';

/** Names that say nothing about the resource. */
const NO_NAME = /^(this|main|default|self|the|it|.)$/;

/** The address without modules, and the name in it. A key may contain dots and brackets. */
const LAST = /^(.*?\.)?((?:data\.)?[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?))$/;

/**
 * A function that gives each of the findings a short name: `web` for `aws_security_group.web`. A name that says
 * nothing (`this`), or that two of the findings share, has its type in front; if that is still shared, it is the
 * whole address. One line.
 */
export function shortNames(findings: readonly Finding[]): (finding: Finding) => string {
  const addresses = new Set(findings.map((finding) => finding.address));
  const times = new Map<string, number>();
  for (const address of addresses) {
    for (const name of new Set(candidates(address))) times.set(name, (times.get(name) ?? 0) + 1);
  }
  return ({ address }) => {
    const own = candidates(address).find((name) => (times.get(name) ?? 0) < 2);
    return oneLine(own ?? address);
  };
}

/** The names of an address, shortest first. */
function candidates(address: string): readonly string[] {
  const [, modules = '', last, name] = LAST.exec(address) ?? [];
  if (last === undefined || name === undefined) return [address];
  const bare = name.replace(/\[.*$/, '');
  if (!NO_NAME.test(bare)) return [name, last, address];
  // The name of the module says more than `this`.
  const module = /module\.([A-Za-z0-9_-]+)(?:\[.*?\])?\.$/.exec(modules)?.[1];
  return module === undefined ? [last, address] : [`module.${module}.${last}`, address];
}
