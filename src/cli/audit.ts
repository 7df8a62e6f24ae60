/** The commands `m0 audit verify` and `m0 audit export`. */
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { errorText } from '../base/error-text.ts';
import { type ChainedEntry, walkChain } from '../store/audit-chain.ts';
import { exportLine, readExportLine } from '../store/audit-export.ts';
import { openRecord } from '../store/read-only.ts';
import type { ExitCode } from './commands.ts';
import type { Io } from './config.ts';

/** What the audit command needs from the process. */
export interface AuditParts {
  readonly databaseUrl: string;
  /** Resolves a typed path against the folder in which the command was typed. */
  readonly resolvePath: (path: string) => string;
  /** Like `out` of Io, but resolves when the reader can take more. */
  readonly write: (text: string) => Promise<void>;
}

const USAGE = `audit: say one of
  audit verify                      the record in the database
  audit verify FILE.jsonl [--part]  an export; --part: one by stack or date
  audit export [--stack NAME] [--since DATE] [--until DATE]
A DATE is 2026-03-01 (a whole day, UTC) or 2026-03-01T12:00:00Z
`;
const DAY_MS = 86_400_000;
/** The output is written in pieces of about this many characters. */
const BUFFER_LENGTH = 65_536;

class UsageError extends Error {}

/** Checks that no line was changed, and prints the first one that was. Resolves with the exit code. */
async function verify(
  what: string,
  entries: AsyncIterable<ChainedEntry | string>,
  part: boolean,
  io: Io,
): Promise<ExitCode> {
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

async function* readExport(path: string): AsyncGenerator<ChainedEntry | string> {
  await using file = await open(path);
  // readLines would also end a line at U+2028, which other programs may write unescaped into a line.
  let rest = '';
  for await (const chunk of file.createReadStream({ encoding: 'utf8', autoClose: false })) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield readExportLine(line);
  }
  if (rest !== '') yield readExportLine(rest);
}

/** ms since epoch of a date. For a whole day: its first or last millisecond. Throws a Misuse if it is not a date. */
function timeOf(option: string, text: string | undefined, end: 'first' | 'last'): number | null {
  if (text === undefined) return null;
  if (z.iso.date().safeParse(text).success) {
    return Date.parse(`${text}T00:00:00Z`) + (end === 'first' ? 0 : DAY_MS - 1);
  }
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return Date.parse(text);
  throw new UsageError(
    `audit export: ${option} ${text} is no date: write 2026-03-01 or 2026-03-01T12:00:00Z`,
  );
}

interface ExportFilter {
  readonly stack: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

function matchesFilter({ entry }: ChainedEntry, { stack, since, until }: ExportFilter): boolean {
  // An unreadable line must not be left out silently: the export stops there.
  if (entry === null) return true;
  return (
    (stack === null || entry.stack === stack) &&
    (since === null || entry.at >= since) &&
    (until === null || entry.at <= until)
  );
}

async function exportRecord(
  lines: AsyncIterable<ChainedEntry>,
  filter: ExportFilter,
  io: Io,
  parts: AuditParts,
): Promise<ExitCode> {
  let buffer = '';
  let count = 0;
  for await (const line of lines) {
    if (!matchesFilter(line, filter)) continue;
    buffer += exportLine(line);
    count += 1;
    if (buffer.length < BUFFER_LENGTH) continue;
    await parts.write(buffer);
    buffer = '';
  }
  if (buffer !== '') await parts.write(buffer);
  // On stderr, so that it is not among the exported lines.
  if (count === 0) io.err('audit export: no line matches\n');
  return 0;
}

const OPTIONS = {
  stack: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  part: { type: 'boolean' },
} as const;

async function run(args: readonly string[], io: Io, parts: AuditParts): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [command, file, ...more] = positionals;
  const { stack, since, until, part } = values;
  const filtered = (stack ?? since ?? until) !== undefined;
  if (command === 'verify' && file !== undefined && more.length === 0 && !filtered) {
    const code = await verify(file, readExport(parts.resolvePath(file)), part === true, io);
    if (code !== 0 && !part) io.err('If it is an export by stack or date, say --part.\n');
    return code;
  }
  const isExport = command === 'export' && part === undefined;
  const isVerify = command === 'verify' && part === undefined && !filtered;
  if (file !== undefined || !(isExport || isVerify)) throw new UsageError(USAGE.trimEnd());
  const filter = {
    stack: stack ?? null,
    since: timeOf('--since', since, 'first'),
    until: timeOf('--until', until, 'last'),
  };
  const record = openRecord(parts.databaseUrl);
  try {
    if (isExport) return await exportRecord(record.lines(), filter, io, parts);
    return await verify(record.file, record.lines(), false, io);
  } finally {
    await record.close();
  }
}

/**
 * `audit verify [FILE.jsonl [--part]]` and `audit export …`. Read-only, and safe while m0 runs. Resolves with the
 * exit code: 0; 1 if a line was changed; 2 if the command is wrong. Rejects with a StoreError if the database can't
 * be read, and with the file system's error if the export can't be read.
 */
export async function auditCommand(args: readonly string[], io: Io, parts: AuditParts): Promise<ExitCode> {
  try {
    return await run(args, io, parts);
  } catch (error) {
    const code = error instanceof TypeError ? (error as { code?: unknown }).code : undefined;
    const misused = error instanceof UsageError || String(code).startsWith('ERR_PARSE_ARGS');
    if (!misused) throw error;
    io.err(`${errorText(error)}\n`);
    return 2;
  }
}
