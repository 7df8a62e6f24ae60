import type { HeldLock } from '../model/run.ts';

const MOST_ERRORS = 5;

/**
 * What a tool's stderr says went wrong, in few lines: its error boxes without their drawing, the source
 * lines and values they quote, the warnings, and the line breaks at 78 columns. It may still be long, and
 * hold secrets: hide them first and shorten then, or half a secret is left at the cut.
 */
export function condenseErrors(stderr: string): string {
  const blocks = errorBlocks(plain(stderr));
  if (blocks.length === 0) {
    const last = plain(stderr).filter((line) => line.trim() !== '');
    return last.slice(-5).join('\n') || 'it gave no reason';
  }
  const shown = blocks.slice(0, MOST_ERRORS).map(paragraphs);
  const more = blocks.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more errors`] : [])].join('\n');
}

/** Words of the backends for a lock that somebody has; they come without its details from some. */
const TAKEN =
  /already\s+locked|is\s+locked|temporarily\s+unavailable|PreconditionFailed|ConditionalCheckFailed|conditionNotMet/i;

/**
 * Who holds the state's lock, where that is what the tool complains about; else null, also where the lock could
 * not be had for another reason, as for want of rights.
 */
export function heldLock(stderr: string): HeldLock | null {
  const text = plain(stderr).join('\n');
  const from = text.search(/Error (acquiring the state lock|locking state)/i);
  if (from === -1) return null;
  const about = text.slice(from);
  const field = (name: string): string =>
    new RegExp(`^\\s*${name}:[ \\t]*(.*)$`, 'm').exec(about)?.[1]?.trim() ?? '';
  const told = /already\s+locked:\s+ID=([\w-]+)/.exec(about)?.[1];
  // Terraform shows the lock that it wanted itself there, with its own name, where the backend is an HTTP server.
  if (told !== undefined && told !== field('ID')) {
    return { who: 'somebody', id: told, operation: null, since: null };
  }
  const id = field('ID');
  if (id === '' && !TAKEN.test(about)) return null;
  const operation = field('Operation')
    .replace(/^OperationType/, '')
    .toLowerCase();
  return {
    who: field('Who') || 'somebody',
    id,
    operation: operation === '' || operation === 'invalid' ? null : operation,
    since: timeOf(field('Created')),
  };
}

/** The same as a sentence, as in `the state is locked by kim@laptop (apply) since 2026-11-23 06:33 UTC, lock 12ab`. */
export function lockInWords(lock: HeldLock): string {
  const operation = lock.operation === null ? '' : ` (${lock.operation})`;
  const since =
    lock.since === null
      ? ''
      : ` since ${new Date(lock.since).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const id = lock.id === '' ? '' : `, lock ${lock.id}`;
  return `the state is locked by ${lock.who}${operation}${since}${id}`;
}

/** Go's `2026-11-23 06:00:00.123456789 +0000 UTC` as ms since epoch. */
function timeOf(created: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,3})?/.exec(created);
  if (parts === null) return null;
  const time = Date.parse(`${parts[1]}T${parts[2]}${parts[3] ?? ''}Z`);
  return Number.isNaN(time) ? null : time;
}

/** Lines without colours and without the frame that is drawn around an error. */
function plain(text: string): string[] {
  return text
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split(/\r?\n/)
    .filter((line) => !/^[╷╵]/.test(line))
    .map((line) => line.replace(/^│ ?/, ''));
}

function errorBlocks(lines: readonly string[]): string[][] {
  const blocks: string[][] = [];
  let block: string[] | null = null;
  for (const line of lines) {
    if (/^(Error|Warning): /.test(line)) {
      block = line.startsWith('Error: ') ? [line.slice('Error: '.length)] : null;
      if (block !== null) blocks.push(block);
    } else {
      block?.push(line);
    }
  }
  return blocks;
}

/** Quoted source lines and the values beside them could hold what nobody marked as secret. */
function isQuotedSource(line: string): boolean {
  return /^\s*\d+: /.test(line) || /^\s*[│├]/.test(line);
}

function paragraphs(block: readonly string[]): string {
  const out: string[] = [];
  let open = false;
  for (const line of block.filter((each) => !isQuotedSource(each))) {
    const text = line.trim();
    if (text === '') {
      open = false;
    } else if (open && !/^\s/.test(line)) {
      out.push(`${out.pop() ?? ''} ${text}`);
    } else {
      out.push(text);
      open = true;
    }
  }
  return out.join('\n');
}
