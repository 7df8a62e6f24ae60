/** Creates Git repositories with Terraform code, and wraps tools to record their calls. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Creates a Git repository in `dir` with the files as its first commit. */
export function makeRepo(dir: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '--quiet', '--initial-branch', 'main', '.');
  commit(dir, files, 'first');
  return dir;
}

/** Writes the files and commits everything; returns the commit id. */
export function commit(dir: string, files: Readonly<Record<string, string>>, message: string): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  git(dir, 'add', '--all', '.');
  git(dir, '-c', 'user.name=Kim', '-c', 'user.email=kim@acme.dev', 'commit', '--quiet', '-m', message);
  return git(dir, 'rev-parse', 'HEAD');
}

export function git(dir: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();
}

/** Wraps a tool in a script that records the arguments and the environment of each call. */
export function recordingTool(
  dir: string,
  tool: string,
): { path: string; calls(): string[]; environment(): string } {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'terraform');
  const calls = join(dir, 'calls');
  const environment = join(dir, 'environment');
  writeFileSync(calls, '');
  writeFileSync(path, `#!/bin/sh\necho "$1" >> '${calls}'\nenv > '${environment}'\nexec '${tool}' "$@"\n`);
  chmodSync(path, 0o755);
  return {
    path,
    calls: () =>
      readFileSync(calls, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && line !== 'version'),
    environment: () => readFileSync(environment, 'utf8'),
  };
}
