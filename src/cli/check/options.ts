/** Reads the command line of `m0 check`. */
import { parseArgs } from 'node:util';
import { errorText } from '../../base/error-text.ts';
import type { Place } from '../../model/directory.ts';

export interface CheckOptions {
  /** A stack of m0.yaml; null: the only one. */
  readonly stack: string | null;
  /** A folder instead, as it was typed. */
  readonly dir: string | null;
  readonly varFiles: readonly string[];
  readonly json: boolean;
  /** Where the card is shown once; null: nowhere. */
  readonly post: Place | null;
}

const USAGE =
  'say `check [STACK]` or `check --dir FOLDER [--var-file FILE]…`, with `--json` or `--post slack:C…`';

const OPTIONS = {
  dir: { type: 'string' },
  'var-file': { type: 'string', multiple: true },
  json: { type: 'boolean' },
  post: { type: 'string' },
} as const;

/** The options, or what is wrong with them in one line. */
export function readOptions(args: readonly string[]): CheckOptions | { readonly problem: string } {
  const wrong = (problem: string): { readonly problem: string } => ({
    problem: `check: ${problem}; ${USAGE}`,
  });
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return wrong(errorText(error).split('. ')[0] ?? '');
  }
  const { values, positionals } = parsed;
  const [stack = null, ...more] = positionals;
  const { dir = null, json = false, post, 'var-file': varFiles = [] } = values;
  if (more.length > 0) return wrong('more than one stack named');
  if (stack !== null && dir !== null) return wrong('a stack and a folder are named: name one');
  if (dir === '') return wrong('--dir names no folder');
  if (varFiles.length > 0 && dir === null)
    return wrong('--var-file goes with --dir: m0.yaml names var files');
  const place = post === undefined ? null : placeOf(post);
  if (post !== undefined && place === null)
    return wrong(`--post ${post} is no channel: slack:C0OPS, teams:19:…`);
  return { stack, dir, varFiles, json, post: place };
}

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });

/** As `channels` in m0.yaml. */
function placeOf(text: string): Place | null {
  const slack = /^slack:([CGD][A-Z0-9]+)$/.exec(text)?.[1];
  if (slack !== undefined) return { platform: 'slack', channel: slack };
  const teams = /^teams:(\S+)$/.exec(text)?.[1];
  return teams === undefined ? null : { platform: 'teams', channel: teams };
}
