/** Reads the error output of terraform and tofu. */

import type { HeldLock } from '../model/run.ts';
import { instant } from '../text/instant.ts';

const MAX_ERRORS = 5;
/** An error of `init` that only says that other errors follow. */
const ABOUT_OTHERS = /encountered problems during initiali[sz]ation/;

/**
 * The errors in a tool's stderr in a few lines, without their frames, quoted source lines and values,
 * warnings, and line breaks at column 78. The text may still be long and hold secrets: remove the secrets
 * first and shorten afterwards, or half a secret remains at the cut.
 */
export function condenseErrors(stderr: string): string {
  const blocks = errorBlocks(plainLines(stderr));
  if (blocks.length === 0) {
    const last = plainLines(stderr).filter((line) => line.trim() !== '');
    return last.slice(-5).join('\n') || 'it gave no reason';
  }
  const causes = blocks.filter(([first]) => !ABOUT_OTHERS.test(first ?? ''));
  const told = causes.length > 0 ? causes : blocks;
  const shown = told.slice(0, MAX_ERRORS).map(paragraphs);
  const more = told.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more errors`] : [])].join('\n');
}

/** Messages of the backends for a lock that is taken. Some come without the lock's details. */
const LOCK_TAKEN =
  /already\s+locked|is\s+locked|temporarily\s+unavailable|PreconditionFailed|ConditionalCheckFailed|conditionNotMet/i;

/**
 * Who holds the state's lock, where that is the error. Null otherwise, also where locking failed for another
 * reason, such as missing permissions.
 */
export function heldLock(stderr: string): HeldLock | null {
  const text = plainLines(stderr).join('\n');
  const from = text.search(/Error (acquiring the state lock|locking state)/i);
  if (from === -1) return null;
  const about = text.slice(from);
  const field = (name: string): string =>
    new RegExp(`^\\s*${name}:[ \\t]*(.*)$`, 'm').exec(about)?.[1]?.trim() ?? '';
  const otherLock = /already\s+locked:\s+ID=([\w-]+)/.exec(about)?.[1];
  // With an HTTP backend, Terraform prints the lock that it requested itself, with its own name.
  if (otherLock !== undefined && otherLock !== field('ID')) {
    return { who: 'somebody', id: otherLock, operation: null, since: null };
  }
  const id = field('ID');
  if (id === '' && !LOCK_TAKEN.test(about)) return null;
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

/**
 * The lock as a sentence, e.g. `the state is locked by kim@laptop (apply) since 2026-11-23T06:33:00.000Z,
 * lock 12ab`.
 */
export function lockInWords(lock: HeldLock): string {
  const operation = lock.operation === null ? '' : ` (${lock.operation})`;
  const since = lock.since === null ? '' : ` since ${instant(lock.since)}`;
  const id = lock.id === '' ? '' : `, lock ${lock.id}`;
  return `the state is locked by ${lock.who}${operation}${since}${id}`;
}

/** Parses Go's `2026-11-23 06:00:00.123456789 +0000 UTC` to ms since epoch; null where it is no time. */
function timeOf(created: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,3})?/.exec(created);
  if (parts === null) return null;
  const time = Date.parse(`${parts[1]}T${parts[2]}${parts[3] ?? ''}Z`);
  return Number.isNaN(time) ? null : time;
}

/** Lines without colours and without the frame around an error. */
function plainLines(text: string): string[] {
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

/** Quoted source lines and values may hold secrets that nobody marked as such. */
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
