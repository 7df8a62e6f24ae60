/** Reads what a saved plan file says, apart from when it was made. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';

export interface PlanContent {
  /** SHA-256 (hex) of everything in the plan but the time. */
  readonly digest: string;
  /** When the plan was made, as it says itself; null: it does not say. */
  readonly timestamp: string | null;
}

/** The file in the archive that holds the plan itself. */
const PLAN = 'tfplan';
/** Field `timestamp` of the message `Plan` (planproto/planfile.proto of Terraform 1.5 and later, and of OpenTofu). */
const TIMESTAMP_FIELD = 21;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** The largest plan that is read, in bytes, packed and unpacked. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Signatures and lengths of the parts of a zip archive: PKWARE's APPNOTE.TXT, 4.3. */
const END = { signature: 0x06054b50, bytes: 22 };
const CENTRAL = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const inflate = promisify(inflateRaw);

/**
 * The content of a plan file. Two plans with the same digest differ in nothing that `show` prints, but the time. Null
 * where the file is no archive that this reader understands, such as an encrypted one.
 */
export async function planContent(file: Buffer): Promise<PlanContent | null> {
  if (file.length > MOST_BYTES) return null;
  try {
    const hash = createHash('sha256');
    let timestamp: string | null = null;
    let isPlan = false;
    // The tools write the files of the code in any order.
    const files = [...(await unzip(file))].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, bytes } of files) {
      let content: readonly Buffer[] = [bytes];
      if (name === PLAN) {
        isPlan = true;
        ({ content, timestamp } = withoutTimestamp(bytes));
      }
      const length = content.reduce((sum, part) => sum + part.length, 0);
      hash.update(JSON.stringify([name, length]));
      for (const part of content) hash.update(part);
    }
    return isPlan ? { digest: hash.digest('hex'), timestamp } : null;
  } catch {
    // A file of another form is shown by the tool itself, as any other.
    return null;
  }
}

/** The files of an archive, in its order. Throws where it has another form than the tools write. */
async function unzip(file: Buffer): Promise<readonly { readonly name: string; readonly bytes: Buffer }[]> {
  const end = file.length - END.bytes;
  if (end < 0 || file.readUInt32LE(end) !== END.signature) throw new Error('reading a plan: no zip archive');
  const count = file.readUInt16LE(end + 10);
  let at = file.readUInt32LE(end + 16);
  let left = MOST_BYTES;
  const found: { name: string; bytes: Buffer }[] = [];
  for (let i = 0; i < count; i += 1) {
    if (file.readUInt32LE(at) !== CENTRAL.signature)
      throw new Error('reading a plan: a broken list of files');
    const method = file.readUInt16LE(at + 10);
    const packed = file.readUInt32LE(at + 20);
    const size = file.readUInt32LE(at + 24);
    const nameLength = file.readUInt16LE(at + 28);
    const name = file.toString('utf8', at + CENTRAL.bytes, at + CENTRAL.bytes + nameLength);
    const local = file.readUInt32LE(at + 42);
    at += CENTRAL.bytes + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
    if (file.readUInt32LE(local) !== LOCAL.signature) throw new Error('reading a plan: a broken file');
    const data = local + LOCAL.bytes + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const raw = file.subarray(data, data + packed);
    if (method !== 0 && method !== 8) throw new Error('reading a plan: an unknown compression');
    const bytes = method === 0 ? raw : await inflate(raw, { maxOutputLength: Math.max(1, left) });
    if (bytes.length !== size) throw new Error('reading a plan: a file of another length');
    left -= size;
    found.push({ name, bytes });
  }
  return found;
}

/** The message without its time. Throws where it is no message of protobuf. */
function withoutTimestamp(message: Buffer): {
  readonly content: readonly Buffer[];
  readonly timestamp: string | null;
} {
  for (let at = 0; at < message.length; ) {
    const from = at;
    const tag = varint(message, at);
    at = endOfField(message, tag.end, tag.value % 8);
    if (Math.floor(tag.value / 8) !== TIMESTAMP_FIELD || tag.value % 8 !== 2) continue;
    const text = message.toString('utf8', varint(message, tag.end).end, at);
    if (!RFC3339.test(text)) break;
    return { content: [message.subarray(0, from), message.subarray(at)], timestamp: text };
  }
  return { content: [message], timestamp: null };
}

function endOfField(message: Buffer, at: number, wireType: number): number {
  const length = wireType === 2 ? varint(message, at) : null;
  let end = at;
  if (length !== null) end = length.end + length.value;
  else if (wireType === 0) ({ end } = varint(message, at));
  else if (wireType === 1) end += 8;
  else if (wireType === 5) end += 4;
  else throw new Error('reading a plan: an unknown kind of field');
  if (end > message.length) throw new Error('reading a plan: a field that is cut off');
  return end;
}

/** A number and the place after it. Numbers beyond 2^53 lose their last digits, and none of these is a length. */
function varint(message: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let factor = 1;
  for (let at = from; at < message.length && at < from + 10; at += 1) {
    const byte = message[at] ?? 0;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error('reading a plan: a number that is cut off');
}
