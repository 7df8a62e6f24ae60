import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { goPlatform } from '../../src/setup/platform.ts';
import type { Tools } from '../../src/setup/tools.ts';

const AWS = 'registry.terraform.io/hashicorp/aws';
/** The version that the sample stack asks for. */
const MAJOR = '5';
const STARTS_WITHIN_MS = 90_000;
/** The provider ends with our end of the shell's stdin, so that it cannot outlive us however we die. */
const ENDS_WITH_US = '"$0" -debug & read -r _; kill -9 $!';

/** A Terraform whose calls all talk to one running AWS provider, in place of starting one each. */
export interface SharedProvider {
  /** The Terraform to run. */
  readonly terraform: string;
  close(): Promise<void>;
}

/**
 * Starts the real AWS provider once and answers a Terraform that uses it, by HashiCorp's own way to attach to a
 * provider that runs (`-debug`, TF_REATTACH_PROVIDERS). To start the provider and to verify its 700 MB takes two
 * thirds of the CPU time of a plan. `env` is that of the stacks: the provider reads where its cloud is from its own.
 * Null where no unpacked provider is on this machine; then each call starts its own.
 */
export async function shareAwsProvider(options: {
  /** Gets the Terraform; must be there. */
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
  // Nothing of this machine's certificates: the provider fails where it is configured twice with some of its own.
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

/** The newest provider of the major version below one of the folders, in the layout of an unpacked mirror. */
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
