/** Brings an instance back that the code no longer has, where its key is all that is missing. */
import type { Finding } from '../../drift/finding.ts';
import { isArray } from '../../drift/json-value.ts';
import { type Address, configName } from './address.ts';
import { declarations } from './code.ts';
import type { Draft } from './draft.ts';
import { evaluate } from './evaluate.ts';
import { bind, moduleFrame } from './scope.ts';
import { setValue } from './set-value.ts';
import { attributeOf } from './syntax.ts';

/**
 * Adds the key of an instance to a `for_each` over a set of texts. False where the code has no such block, or where
 * more than a key is missing: the entry of a map, a whole block, or values that the cloud has changed as well.
 */
export function restoreKey(draft: Draft, address: Address, { attributes }: Finding): boolean {
  const { key, type, name } = address;
  if (typeof key !== 'string' || attributes.length > 0) return false;
  const outer = moduleFrame(draft.world, address);
  const block = declarations(outer.scope.module, 'resource', type, name).at(-1);
  const forEach = block && attributeOf(block.body, 'for_each');
  if (forEach === undefined || address.modules.some((one) => one.key !== null)) return false;
  const bound = bind(forEach, outer);
  const before = evaluate(bound, draft.world);
  if (!isArray(before)) return false;
  const subject = `for_each of ${configName(address)}`;
  const wanted = before.includes(key) ? before : [...before, key];
  const shared = new Map<number, number>();
  setValue(draft, bound, {
    before,
    wanted,
    equality: 'keys',
    shared,
    instances: 1,
    subject,
    address: subject,
  });
  return true;
}
