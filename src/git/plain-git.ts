/** Git commands that need bytes in or out: simple-git trims their output and can't feed them. */
import { spawn } from 'node:child_process';

/** Longest error text, in characters. */
const MAX_ERROR = 1_000;

export interface PlainGit {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the command reads; nothing where left out. */
  readonly input?: Uint8Array;
  /** ms after which it is stopped. */
  readonly limitMs: number;
}

/** Runs one git command; resolves to the bytes that it printed. Rejects with git's own words. */
export function plainGit(args: readonly string[], { cwd, env, input, limitMs }: PlainGit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // No hook of the user that m0 runs as may see or change m0's own commits.
    const child = spawn('git', ['-c', 'core.hooksPath=/dev/null', ...args], {
      ...{ cwd, env: { ...env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_NO_REPLACE_OBJECTS: '1' } },
      signal: AbortSignal.timeout(limitMs),
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => errors.push(bytes));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(Buffer.concat(errors).toString('utf8').trim().slice(0, MAX_ERROR)));
    });
    // A git that ends early has said why.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? new Uint8Array());
  });
}
