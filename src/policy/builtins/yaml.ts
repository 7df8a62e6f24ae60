import { createRequire } from 'node:module';
import type { Document } from 'yaml';
import { BuiltinFailure } from './failure.ts';
import { RegoNumber, RegoObject, type RegoValue } from './value.ts';

/** Loaded when it is needed: every evaluation starts a thread, and few of them read YAML. */
const load = (): typeof import('yaml') => createRequire(import.meta.url)('yaml') as typeof import('yaml');

/**
 * YAML as far as every version and library reads it alike. OPA's reads YAML 1.1, where `no` is false, `0755` is
 * 493 and a date is a date; whatever depends on that is refused.
 */

const MOST_ALIASES = 100;

function refuse(what: string): never {
  throw new BuiltinFailure(`yaml: ${what}`);
}

/** What looks like a number, a date or a word for yes and no to somebody. */
const DOUBTFUL = /^(?:y|n|yes|no|on|off|\.nan|[-+]?\.inf|<<|=)$|^[-+]?[\d.][\w.:+-]*(?:[Tt ][\w.:+ -]*)?$/i;
/** Versions and addresses: two dots or more make no number to anybody. */
const DOTTED = /^\d+(?:\.\d+){2,}$/;

function plain(source: string): RegoValue {
  if (/^(?:|~|null|Null|NULL)$/.test(source)) return null;
  if (/^(?:true|True|TRUE)$/.test(source)) return true;
  if (/^(?:false|False|FALSE)$/.test(source)) return false;
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(source)) return new RegoNumber(source);
  // Fifteen digits survive the double they pass through, unless they end in zeros, which do not.
  if (/^-?(?:0|[1-9]\d{0,5})\.\d{0,5}[1-9]$/.test(source)) return new RegoNumber(source);
  if (DOTTED.test(source)) return source;
  if (DOUBTFUL.test(source)) return refuse(`${JSON.stringify(source)} without quotes`);
  return source;
}

function readNode(node: unknown, document: Document): RegoValue {
  const { isAlias, isMap, isScalar, isSeq } = load();
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return readNode(node.resolve(document), document);
  if ((isScalar(node) || isMap(node) || isSeq(node)) && node.tag !== undefined) return refuse('a tag');
  if (isScalar(node)) {
    if (node.type === 'PLAIN') return plain(node.source ?? '');
    return typeof node.value === 'string' ? node.value : null;
  }
  if (isSeq(node)) return node.items.map((item) => readNode(item, document));
  if (!isMap(node)) return refuse('something unknown');
  return new RegoObject(
    node.items.map(({ key, value }) => {
      const name = readNode(key, document);
      if (typeof name !== 'string') return refuse('a key that is no text');
      return [name, readNode(value, document)];
    }),
  );
}

function parse(text: string): RegoValue {
  const documents = load().parseAllDocuments(text, { schema: 'failsafe', uniqueKeys: true, merge: false });
  if (!Array.isArray(documents) || documents.length !== 1) return refuse('not one document');
  const document = documents[0] as Document;
  if (document.errors.length > 0 || document.warnings.length > 0) {
    return refuse(
      `it does not parse: ${(document.errors[0] ?? document.warnings[0])?.message.split('\n')[0]}`,
    );
  }
  if ((text.match(/\*\w/g) ?? []).length > MOST_ALIASES) return refuse('so many aliases');
  return readNode(document.contents, document);
}

/** `yaml.unmarshal`. */
export function yamlUnmarshal([text]: readonly RegoValue[]): RegoValue | undefined {
  return typeof text === 'string' ? parse(text) : undefined;
}

/** `yaml.is_valid`: true, or nothing certain. */
export function yamlIsValid([text]: readonly RegoValue[]): RegoValue | undefined {
  if (typeof text !== 'string') return false;
  parse(text);
  return true;
}
