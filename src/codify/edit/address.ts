/** The parts of a resource's address. */

/** The key of an instance: of `for_each` (a text) or of `count` (a number). */
export type Key = string | number;

/** `module.web["a"]`: name `web`, key `a`. */
export interface AddressStep {
  readonly name: string;
  readonly key: Key | null;
}

export interface Address {
  readonly modules: readonly AddressStep[];
  readonly type: string;
  readonly name: string;
  readonly key: Key | null;
}

const KEY = String.raw`(?:\[(\d+|"(?:[^"\\]|\\.)*")\])?`;
const MODULE = new RegExp(String.raw`module\.([\p{L}\p{N}_-]+)${KEY}\.`, 'uy');
const RESOURCE = new RegExp(String.raw`([\p{L}\p{N}_-]+)\.([\p{L}\p{N}_-]+)${KEY}$`, 'uy');

/** The parts of the address of a managed resource; null if it is another one. */
export function parseAddress(text: string): Address | null {
  const modules: AddressStep[] = [];
  let at = 0;
  for (;;) {
    MODULE.lastIndex = at;
    const found = MODULE.exec(text);
    if (found === null) break;
    modules.push({ name: found[1] ?? '', key: keyOf(found[2]) });
    at = MODULE.lastIndex;
  }
  RESOURCE.lastIndex = at;
  const found = RESOURCE.exec(text);
  return found === null
    ? null
    : { modules, type: found[1] ?? '', name: found[2] ?? '', key: keyOf(found[3]) };
}

function keyOf(written: string | undefined): Key | null {
  if (written === undefined) return null;
  return written.startsWith('"') ? (JSON.parse(written) as string) : Number(written);
}

/** The same for all instances of a resource. */
export function configName(address: Address): string {
  const modules = address.modules.map(({ name }) => `module.${name}.`).join('');
  return `${modules}${address.type}.${address.name}`;
}

/** The keys on the way to an instance: of each module, then of the resource. */
export function keysOf(address: Address): readonly (Key | null)[] {
  return [...address.modules.map(({ key }) => key), address.key];
}
