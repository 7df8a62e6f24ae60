import type { HeldLock } from '../runs/runner-error.ts';

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

/** Who holds the state's lock, where that is what the tool complains about; else null. */
export function heldLock(stderr: string): HeldLock | null {
  const text = plain(stderr).join('\n');
  if (!/Error acquiring the state lock/i.test(text)) return null;
  const field = (name: string): string =>
    new RegExp(`^\\s*${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  return { who: field('Who') || 'somebody', id: field('ID'), since: timeOf(field('Created')) };
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
