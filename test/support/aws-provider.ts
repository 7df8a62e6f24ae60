/** Starts the real AWS provider once and shares it between all runs of Terraform in a test, to save CPU time. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { goPlatform } from '../../src/setup/platform.ts';
import type { Tools } from '../../src/setup/tools.ts';

const AWS = 'registry.terraform.io/hashicorp/aws';
/** The major version that the sample stack requires. */
const MAJOR = '5';
const STARTS_WITHIN_MS = 90_000;
/** The shell kills the provider when its stdin closes, so the provider ends even if this process is killed. */
const ENDS_WITH_US = '"$0" -debug & read -r _; kill -9 $!';

/** A Terraform wrapper whose runs all use one AWS provider process instead of starting their own. */
export interface SharedProvider {
  /** The Terraform to run. */
  readonly terraform: string;
  close(): Promise<void>;
}

/**
 * Starts the real AWS provider and returns a Terraform wrapper that uses it, by HashiCorp's documented way to attach
 * to a running provider (`-debug`, TF_REATTACH_PROVIDERS). Starting the provider and verifying its 700 MB takes two
 * thirds of the CPU time of a plan. The provider reads the cloud's address from `env`, so `env` must be the stacks' own.
 * Returns null if this machine has no unpacked provider; then each run starts its own.
 */
export async function shareAwsProvider(options: {
  /** The folder to write the wrapper into; it must exist. */
  readonly dir: string;
  readonly tools: Pick<Tools, 'pluginMirrors' | 'terraformCliConfig'> & { readonly terraform: string };
  readonly env: Readonly<Record<string, string>>;
}): Promise<SharedProvider | null> {
  const { dir, tools, env } = options;
  const binary = unpackedProvider([
    ...tools.pluginMirrors.map((mirror) => mirror.path),
    join(dirname(tools.terraformCliConfig), 'plugin-cache'),
  ]);
  if (binary === null) return null;
  const { PATH = '' } = process.env;
  // Without this machine's CA settings: a provider with its own CA bundle fails when it is configured a second time.
  const child = spawn('/bin/sh', ['-c', ENDS_WITH_US, binary], {
    env: { GOGC: '500', PATH, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  child.stdin.on('error', () => {});
  const close = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  const late = setTimeout(() => child.stdin.end(), STARTS_WITHIN_MS);
  for await (const line of createInterface({ input: child.stdout })) {
    const attach = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line)?.[1];
    if (attach === undefined) continue;
    clearTimeout(late);
    child.stdout.resume();
    mkdirSync(join(dir, 'bin'));
    const terraform = join(dir, 'bin', 'terraform');
    const script = `#!/bin/sh\nTF_REATTACH_PROVIDERS='${attach}' exec '${tools.terraform}' "$@"\n`;
    writeFileSync(terraform, script, { mode: 0o755 });
    return { terraform, close };
  }
  clearTimeout(late);
  await close();
  throw new Error(`starting ${binary} -debug: it ended before it said how to attach to it`);
}

/** The newest provider of the major version in these folders (layout of an unpacked provider mirror). */
function unpackedProvider(folders: readonly string[]): string | null {
  const platform = goPlatform(process.platform, process.arch);
  for (const folder of folders) {
    const versions = namesIn(join(folder, AWS)).filter((name) => name.startsWith(`${MAJOR}.`));
    const newest = versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
    const place = join(folder, AWS, newest ?? '', platform);
    const file = namesIn(place).find((name) => name.startsWith('terraform-provider-aws'));
    if (newest !== undefined && file !== undefined) return join(place, file);
  }
  return null;
}

function namesIn(dir: string): readonly string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}
