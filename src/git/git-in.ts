/** Runs git with an environment and settings of m0's own. */
import { dirname } from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';
import { baseEnvironment } from '../base/base-environment.ts';
import { errorText } from '../base/error-text.ts';
import type { Access } from './access.ts';

/** GIT_ variables that m0 sets itself. simple-git removes all others. */
const OWN_VARIABLES = [
  ...[
    'GIT_TERMINAL_PROMPT',
    'GIT_ASKPASS',
    'GIT_ALLOW_PROTOCOL',
    'GIT_SSL_CAINFO',
    'GIT_CEILING_DIRECTORIES',
  ],
  'GIT_INDEX_FILE',
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_SSH_COMMAND', 'GIT_SSH_VARIANT'],
];
/** Settings that simple-git refuses unless the caller says that they are its own. */
const OWN_SETTINGS = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeHooksPath: true,
  allowUnsafeSshCommand: true,
  allowUnsafeTemplateDir: true,
};
/**
 * Tells simple-git that a command's output is complete. Otherwise it waits 50 ms for more after each command
 * without output.
 */
function endOutput(_command: string, output: NodeJS.ReadableStream): void {
  output.once('end', () => output.emit('data', Buffer.alloc(0)));
}

export interface GitInOptions {
  /** m0's environment; git gets only PATH, HOME, proxies and certificates from it. */
  readonly base: Readonly<Record<string, string | undefined>>;
  /** Stops the command. */
  readonly signal: AbortSignal;
  /** For commands that talk to a server, and for no others. */
  readonly access?: Access | undefined;
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/** Git in `baseDir`, an absolute path. Its rejections may hold secrets of `access`. */
export function gitIn(baseDir: string, { base, signal, access, variables }: GitInOptions): SimpleGit {
  const plain = simpleGit({
    baseDir,
    trimmed: true,
    abort: signal,
    allowEnvironment: OWN_VARIABLES,
    config: [...(access?.config ?? [])],
    unsafe: OWN_SETTINGS,
  });
  return plain.outputHandler(endOutput).env({
    ...baseEnvironment(base),
    // m0 recognises errors by their English text.
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    // If the repository is broken, git must not use one that contains m0's data folder.
    GIT_CEILING_DIRECTORIES: dirname(baseDir),
    ...access?.environment,
    ...variables,
  });
}

/** What git said, on one line. */
export function gitText(error: unknown): string {
  const text = errorText(error).trim();
  if (/^Abort (signal received|already signaled)$/.test(text)) return 'it took too long and was stopped';
  const lines = text.split('\n').map((line) => line.replace(/^(fatal|error): /, '').trim());
  return lines.filter((line) => line !== '').join(' · ');
}
