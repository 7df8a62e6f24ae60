import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { errorText } from '../base/error-text.ts';
import { type ChainedEntry, walkChain } from '../store/audit-chain.ts';
import { exportLine, readExportLine } from '../store/audit-export.ts';
import { openRecord } from '../store/read-only.ts';
import type { Io } from './config.ts';

export interface AuditParts {
  readonly databaseUrl: string;
  /** Where a path typed is meant. */
  readonly inFrom: (path: string) => string;
  /** As `out` of Io, but resolves once whoever reads has room for more. */
  readonly write: (text: string) => Promise<void>;
}

const USAGE = `audit: say one of
  audit verify                      the record in the database
  audit verify FILE.jsonl [--part]  an export; --part: one by stack or date
  audit export [--stack NAME] [--since DATE] [--until DATE]
A DATE is 2026-03-01 (a whole day, UTC) or 2026-03-01T12:00:00Z
`;
const DAY_MS = 86_400_000;
/** Lines are handed over in pieces of about so many characters. */
const PIECE = 65_536;

class Misuse extends Error {}

/** Whether each line still is what was written; stops at the first that is not. */
async function verify(
  what: string,
  entries: AsyncIterable<ChainedEntry | string> | Iterable<ChainedEntry>,
  part: boolean,
  io: Io,
): Promise<number> {
  const walk = walkChain(part);
  let number = 0;
  for await (const entry of entries) {
    number += 1;
    const problem = typeof entry === 'string' ? entry : walk.next(entry);
    if (problem === null) continue;
    const line = typeof entry === 'string' ? number : entry.id;
    io.err(`${what}: line ${line}: ${problem}\n`);
    return 1;
  }
  const lines = `${walk.count()} line${walk.count() === 1 ? '' : 's'}`;
  const whole = part ? 'each as it was written' : 'whole from its start, each as it was written';
  io.out(`${what}: ${lines}, ${whole}\nnewest hash: ${walk.lastHash()}\n`);
  return 0;
}

async function* exported(path: string): AsyncGenerator<ChainedEntry | string> {
  await using file = await open(path);
  // Not readLines: it also ends a line at U+2028, which may stand raw in a line that another program copied.
  let rest = '';
  for await (const chunk of file.createReadStream({ encoding: 'utf8', autoClose: false })) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield readExportLine(line);
  }
  if (rest !== '') yield readExportLine(rest);
}

/** Ms since epoch of a date; of a whole day, its first or its last. */
function timeOf(option: string, text: string | undefined, end: 'first' | 'last'): number | null {
  if (text === undefined) return null;
  if (z.iso.date().safeParse(text).success) {
    return Date.parse(`${text}T00:00:00Z`) + (end === 'first' ? 0 : DAY_MS - 1);
  }
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return Date.parse(text);
  throw new Misuse(`audit export: ${option} ${text} is no date: write 2026-03-01 or 2026-03-01T12:00:00Z`);
}

interface Wanted {
  readonly stack: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

function isWanted({ entry }: ChainedEntry, { stack, since, until }: Wanted): boolean {
  // What can't be read must not be left out silently: the export stops there.
  if (entry === null) return true;
  return (
    (stack === null || entry.stack === stack) &&
    (since === null || entry.at >= since) &&
    (until === null || entry.at <= until)
  );
}

async function exportRecord(lines: Iterable<ChainedEntry>, wanted: Wanted, io: Io, parts: AuditParts) {
  let piece = '';
  let count = 0;
  for (const line of lines) {
    if (!isWanted(line, wanted)) continue;
    piece += exportLine(line);
    count += 1;
    if (piece.length < PIECE) continue;
    await parts.write(piece);
    piece = '';
  }
  if (piece !== '') await parts.write(piece);
  // Beside the lines, not among them.
  if (count === 0) io.err('audit export: no line of the record is so\n');
  return 0;
}

const OPTIONS = {
  stack: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  part: { type: 'boolean' },
} as const;

async function run(args: readonly string[], io: Io, parts: AuditParts): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [command, file, ...more] = positionals;
  const { stack, since, until, part } = values;
  const filtered = (stack ?? since ?? until) !== undefined;
  if (command === 'verify' && file !== undefined && more.length === 0 && !filtered) {
    const code = await verify(file, exported(parts.inFrom(file)), part === true, io);
    if (code !== 0 && !part) io.err('If it is an export by stack or date, say --part.\n');
    return code;
  }
  const isExport = command === 'export' && part === undefined;
  const isVerify = command === 'verify' && part === undefined && !filtered;
  if (file !== undefined || !(isExport || isVerify)) throw new Misuse(USAGE.trimEnd());
  const wanted = {
    stack: stack ?? null,
    since: timeOf('--since', since, 'first'),
    until: timeOf('--until', until, 'last'),
  };
  const record = openRecord(parts.databaseUrl);
  try {
    if (isExport) return await exportRecord(record.lines(), wanted, io, parts);
    return await verify(record.file, record.lines(), false, io);
  } finally {
    record.close();
  }
}

/**
 * `audit verify [FILE.jsonl [--part]]` and `audit export …`: only looks, also while m0 runs. Resolves with the
 * exit code: 0, 1 where a line is not what was written, 2 where the command is wrong. Rejects with a StoreError
 * where the database can't be read, with the file system's error where the export can't.
 */
export async function auditCommand(args: readonly string[], io: Io, parts: AuditParts): Promise<number> {
  try {
    return await run(args, io, parts);
  } catch (error) {
    const code = error instanceof TypeError ? (error as { code?: unknown }).code : undefined;
    const misused = error instanceof Misuse || String(code).startsWith('ERR_PARSE_ARGS');
    if (!misused) throw error;
    io.err(`${errorText(error)}\n`);
    return 2;
  }
}
