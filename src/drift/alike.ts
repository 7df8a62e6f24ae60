/** Findings of one resource block that read the same: a thousand instances with the same change are one thing to read. */
import { withSeparators } from '../text/words.ts';
import type { Finding } from './finding.ts';

/** Items whose findings read the same, in their order. */
export interface AlikeGroup<T> {
  /** The address of the block, without the keys of its instances; the address itself for an item alone. */
  readonly address: string;
  readonly items: readonly [T, ...T[]];
  /** How many of all given items belong to the block. */
  readonly ofBlock: number;
}

/** A key of `count` or `for_each`, at a module or a resource. */
const INSTANCE_KEY = /\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g;

/** `module.fleet.aws_instance.web` for `module.fleet["eu"].aws_instance.web[3]`. */
export function blockAddress(address: string): string {
  return address.replace(INSTANCE_KEY, '');
}

/**
 * Groups the items by their findings: same block, same action and origin, same attributes with the same values, and
 * the same answer of `statusOf`. A group has the place of its first item. Findings with hidden values stay alone,
 * because nobody sees whether those are the same.
 */
export function groupAlike<T>(
  items: readonly T[],
  findingOf: (item: T) => Finding,
  statusOf: (item: T) => string = () => '',
): readonly AlikeGroup<T>[] {
  const blocks = items.map((item) => blockAddress(findingOf(item).address));
  const sizes = new Map<string, number>();
  for (const block of blocks) sizes.set(block, (sizes.get(block) ?? 0) + 1);
  const groups = new Map<string, { readonly block: string; readonly items: [T, ...T[]] }>();
  for (const [i, item] of items.entries()) {
    const block = blocks[i] ?? '';
    const finding = findingOf(item);
    const hidden = [...finding.attributes, ...(finding.contents ?? [])].some((each) => each.sensitive);
    const alone = sizes.get(block) === 1 || hidden;
    const key = alone ? `alone ${i}` : JSON.stringify([block, statusOf(item), contentOf(finding)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { block, items: [item] });
    else group.items.push(item);
  }
  return [...groups.values()].map(({ block, items: alike }) => ({
    address: alike.length === 1 ? findingOf(alike[0]).address : block,
    items: alike,
    ofBlock: sizes.get(block) ?? alike.length,
  }));
}

/** Everything that people read of a finding, without its address. */
function contentOf(finding: Finding): object {
  const { address: _a, fingerprint: _f, change: _c, cloudId: _i, cloudNames: _n, ...content } = finding;
  return content;
}

/** The most instances that are named. */
const NAMED = 3;

/** `on 1,498 of 1,500 instances of aws_instance.web, all alike`; a few instances are named. Null for an item alone. */
export function alikeWords<T>(group: AlikeGroup<T>, findingOf: (item: T) => Finding): string | null {
  const { address, items, ofBlock } = group;
  if (items.length === 1) return null;
  const of = items.length === ofBlock ? '' : ` of ${withSeparators(ofBlock)}`;
  const keys = items.slice(0, NAMED).map((item) => {
    return (findingOf(item).address.match(INSTANCE_KEY) ?? []).join(' ');
  });
  const names = items.length > NAMED ? '' : `: ${keys.join(', ')}`;
  return `on ${withSeparators(items.length)}${of} instances of ${address}, all alike${names}`;
}
