/** The audit log as JSON Lines: one line per entry, complete enough to be verified without the database. */
import { z } from 'zod';
import { StoreError } from '../ports/store-error.ts';
import type { ChainedEntry } from './audit-chain.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const platform = z.enum(['slack', 'teams']);

/** The keys of a line (docs/reference/audit.md). Other keys are refused, because no hash would protect them. */
const exported = z.strictObject({
  line: z.int(),
  at: z.iso.datetime({ precision: 3 }),
  action: z.string(),
  actor: z.strictObject({
    name: z.string(),
    person: z.string().nullable(),
    platform: z.enum(['slack', 'teams', 'm0']),
    userId: z.string(),
  }),
  place: z
    .union([
      z.strictObject({ platform, channel: z.string() }),
      z.strictObject({ platform, user: z.string() }),
    ])
    .nullable(),
  stack: z.string(),
  run: z.int().nullable(),
  fingerprint: z.string().nullable(),
  commit: z.string().nullable(),
  bundles: z.record(z.string(), z.string().nullable()).nullable(),
  scope: z
    .array(z.strictObject({ address: z.string(), fingerprint: z.string(), change: z.string().optional() }))
    .nullable(),
  detail: z.string().nullable(),
  prevHash: hash,
  hash,
});

/** The line of an entry, with its line break. Throws a StoreError if the entry can't be read. */
export function exportLine({ id, entry, prevHash, hash: own }: ChainedEntry): string {
  if (entry === null || Math.abs(entry.at) > 8.64e15) {
    throw new StoreError(`line ${id} of the record cannot be read: "audit verify" says more`, {
      problem: 'corrupt',
    });
  }
  const { name, person, platform: chat, userId } = entry.actor;
  const line: z.infer<typeof exported> = {
    line: id,
    at: new Date(entry.at).toISOString(),
    action: entry.action,
    actor: { name, person, platform: chat, userId },
    place: entry.place ?? null,
    stack: entry.stack,
    run: entry.runId,
    fingerprint: entry.fingerprint,
    commit: entry.commit,
    bundles: entry.bundles ?? null,
    scope: entry.scope?.map(({ address, fingerprint, change }) => ({ address, fingerprint, change })) ?? null,
    detail: entry.detail,
    prevHash,
    hash: own,
  };
  // Some readers also treat U+2028 and U+2029 as line breaks.
  const text = JSON.stringify(line).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
  return `${text}\n`;
}

/** Parses a line of an export. Returns a sentence with the reason if it is not valid. */
export function readExportLine(text: string): ChainedEntry | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON: the file may be cut off';
  }
  const result = exported.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    return `it is not a line of an export: ${issue?.path.join('.') || 'its keys'}: ${issue?.message ?? ''}`;
  }
  const { line, at, run, prevHash, hash: own, ...rest } = result.data;
  return { id: line, entry: { ...rest, at: Date.parse(at), runId: run }, prevHash, hash: own };
}
