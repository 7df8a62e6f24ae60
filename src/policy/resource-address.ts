/** Recognises Terraform's resource addresses in texts. */
import { misspelled } from '../text/nearest.ts';

const INDEX = String.raw`(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?`;
const NAME = String.raw`[\p{L}_][\p{L}\p{N}_-]*`;
const MODULE = String.raw`module\.${NAME}${INDEX}`;

/** Every text that Terraform's address syntax allows; also `output.NAME`, as in `input.m0.changes`. */
const POSSIBLE = new RegExp(
  String.raw`^(?:${MODULE}\.)*(?:${MODULE}|(?:data\.)?${NAME}\.${NAME}${INDEX}(?: \(deposed \w+\))?)$`,
  'u',
);
/** The same with a type of several words, such as `aws_instance`, which no sentence or version number has. */
const CERTAIN = new RegExp(
  String.raw`^(?:${MODULE}\.)*(?:${MODULE}|(?:data\.)?\p{L}[\p{L}\p{N}]*(?:_[\p{L}\p{N}]+)+\.${NAME}${INDEX})$`,
  'u',
);

/** True where a text may be an address of Terraform. */
export function mayBeAddress(text: string): boolean {
  return POSSIBLE.test(text);
}

/** True where a text is an address of Terraform and hardly anything else. */
export function looksLikeAddress(text: string): boolean {
  return CERTAIN.test(text);
}

/** The keys of a message that m0 reads. */
export const MESSAGE_KEYS = ['msg', 'address', 'failed'] as const;

/** Keys whose misspelling widens what an `allow` allows. */
const NARROWING = ['address', 'failed'] as const;

/**
 * The key that was probably meant by a key of a message that m0 does not read; null where it is another key,
 * such as `severity`.
 */
export function meantKey(key: string): (typeof NARROWING)[number] | null {
  if (MESSAGE_KEYS.some((known) => known === key)) return null;
  if (/addr/i.test(key)) return 'address';
  const near = misspelled(key, NARROWING);
  return NARROWING.find((known) => known === near) ?? null;
}
