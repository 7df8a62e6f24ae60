import { createHash, createHmac } from 'node:crypto';
import { BuiltinFailure } from './failure.ts';
import { RegoObject, type RegoValue } from './value.ts';

type Args = readonly RegoValue[];

/** Bytes as text. Go keeps bytes that are no UTF-8 in its strings; m0 has nothing that could hold them. */
function textFrom(bytes: Uint8Array, builtin: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new BuiltinFailure(`${builtin}: bytes that are no text`);
  }
}

/** Go's strict base64 with padding; line ends inside are skipped. Undefined where it is none. */
function fromBase64(text: string, alphabet: 'base64' | 'base64url'): Uint8Array | undefined {
  const bare = text.replace(/[\r\n]/g, '');
  const form = alphabet === 'base64' ? /^[A-Za-z0-9+/]*={0,2}$/ : /^[A-Za-z0-9_-]*={0,2}$/;
  if (!form.test(bare) || bare.length % 4 !== 0) return undefined;
  return Buffer.from(bare, alphabet);
}

/** `base64.decode`. */
export function base64Decode([text]: Args): RegoValue | undefined {
  const bytes = typeof text === 'string' ? fromBase64(text, 'base64') : undefined;
  return bytes === undefined ? undefined : textFrom(bytes, 'base64.decode');
}

/** `base64.is_valid`. */
export function base64IsValid([text]: Args): RegoValue | undefined {
  return typeof text === 'string' && fromBase64(text, 'base64') !== undefined;
}

/** `base64url.decode`, where the padding may be left out. */
export function base64UrlDecode([text]: Args): RegoValue | undefined {
  if (typeof text !== 'string') return undefined;
  const length = Buffer.byteLength(text);
  const missing = text.endsWith('=') ? 0 : length % 4;
  if (missing === 1) return undefined;
  const padded = missing === 0 ? text : text + '='.repeat(4 - missing);
  const bytes = fromBase64(padded, 'base64url');
  return bytes === undefined ? undefined : textFrom(bytes, 'base64url.decode');
}

/** `base64url.encode_no_pad`. */
export function base64UrlBare([text]: Args): RegoValue | undefined {
  return typeof text === 'string' ? Buffer.from(text).toString('base64url') : undefined;
}

/** `hex.encode`. */
export function hexEncode([text]: Args): RegoValue | undefined {
  return typeof text === 'string' ? Buffer.from(text).toString('hex') : undefined;
}

/** `hex.decode`. */
export function hexDecode([text]: Args): RegoValue | undefined {
  if (typeof text !== 'string') return undefined;
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text))
    throw new BuiltinFailure('hex.decode: a text that is not hexadecimal');
  return textFrom(Buffer.from(text, 'hex'), 'hex.decode');
}

function escaped(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function unescaped(text: string, builtin: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new BuiltinFailure(`${builtin}: a % that escapes nothing`);
  const bytes = Buffer.from(
    text.replaceAll('+', ' ').replace(/[^%]+/g, (part) => encodeURIComponent(part)),
    'latin1',
  );
  const raw: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0x25) {
      raw.push(Number.parseInt(bytes.toString('latin1', i + 1, i + 3), 16));
      i += 2;
    } else {
      raw.push(bytes[i] ?? 0);
    }
  }
  return textFrom(Uint8Array.from(raw), builtin);
}

/** `urlquery.encode`. */
export function queryEncode([text]: Args): RegoValue | undefined {
  return typeof text === 'string' ? escaped(text) : undefined;
}

/** `urlquery.decode`. */
export function queryDecode([text]: Args): RegoValue | undefined {
  return typeof text === 'string' ? unescaped(text, 'urlquery.decode') : undefined;
}

/** `urlquery.encode_object`: keys in order of their bytes, texts or arrays of texts under them. */
export function queryEncodeObject([object]: Args): RegoValue | undefined {
  if (!(object instanceof RegoObject)) return undefined;
  const pairs = object.entries.map(([key, value]): readonly [string, readonly string[]] => {
    const values = Array.isArray(value) ? (value as readonly RegoValue[]) : [value];
    if (typeof key !== 'string' || !values.every((v) => typeof v === 'string')) {
      throw new BuiltinFailure('urlquery.encode_object: something else than texts');
    }
    return [key, values as readonly string[]];
  });
  pairs.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return pairs.flatMap(([k, values]) => values.map((v) => `${escaped(k)}=${escaped(v)}`)).join('&');
}

/** `urlquery.decode_object`: arrays of texts by key. */
export function queryDecodeObject([text]: Args): RegoValue | undefined {
  if (typeof text !== 'string') return undefined;
  if (text.includes(';')) throw new BuiltinFailure('urlquery.decode_object: a semicolon');
  const found = new Map<string, string[]>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const key = unescaped(at < 0 ? part : part.slice(0, at), 'urlquery.decode_object');
    const value = at < 0 ? '' : unescaped(part.slice(at + 1), 'urlquery.decode_object');
    found.set(key, [...(found.get(key) ?? []), value]);
  }
  return new RegoObject([...found]);
}

/** `crypto.md5` and its siblings, in hexadecimal. */
export function hash(algorithm: 'md5' | 'sha1' | 'sha256'): (args: Args) => RegoValue | undefined {
  return ([text]) =>
    typeof text === 'string' ? createHash(algorithm).update(text).digest('hex') : undefined;
}

/** `crypto.hmac.sha256` and its siblings, in hexadecimal. */
export function hmac(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512'): (args: Args) => RegoValue | undefined {
  return ([text, key]) =>
    typeof text === 'string' && typeof key === 'string'
      ? createHmac(algorithm, key).update(text).digest('hex')
      : undefined;
}

/** `crypto.hmac.equal`. */
export function hmacEqual([one, two]: Args): RegoValue | undefined {
  return typeof one === 'string' && typeof two === 'string' ? one === two : undefined;
}
