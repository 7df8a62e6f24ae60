/** What programs below another root need of this machine to reach package registries. Nothing of it is in that root. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import type { Bind } from './namespace.ts';

/** Where a step finds what the person who builds has: proxies, npm's settings and cache. */
export interface Builder {
  readonly binds: readonly Bind[];
  readonly env: Readonly<Record<string, string>>;
}

const CONTEXT = resolve(import.meta.dirname, '../../..');
/** In /dev, which is a folder in memory of each step's own. */
const SETTINGS = '/dev/builder';
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/** For npm, and for programs that connect to a server without npm. */
export async function builder(): Promise<Builder> {
  const binds: Bind[] = [];
  const env: Record<string, string> = {};
  for (const name of PROXIES) if (process.env[name] !== undefined) env[name] = process.env[name];
  const setting = async (name: string): Promise<string> =>
    (await execa('npm', ['config', 'get', name], { cwd: CONTEXT })).stdout.trim();
  for (const name of ['userconfig', 'globalconfig', 'cafile', 'cache']) {
    const from = await setting(name);
    if (!existsSync(from)) continue;
    const to = `${SETTINGS}/${name}`;
    binds.push({ from, to, ...(name === 'cache' ? {} : { isFile: true, readOnly: true }) });
    env[`NPM_CONFIG_${name.toUpperCase()}`] = to;
  }
  const authorities = process.env.NODE_EXTRA_CA_CERTS;
  if (authorities !== undefined) {
    env.NODE_EXTRA_CA_CERTS = `${SETTINGS}/authorities`;
    binds.push({ from: authorities, to: env.NODE_EXTRA_CA_CERTS, isFile: true, readOnly: true });
  }
  return { binds, env: { ...env, NPM_CONFIG_REGISTRY: await setting('registry') } };
}

/** For pip: its variables, with the files and folders that they name. */
export function pipBuilder(): Builder {
  const binds: Bind[] = [];
  const env: Record<string, string> = {};
  const wanted = Object.entries(process.env).filter(([name]) => name.startsWith('PIP_'));
  const whole = process.env.PIP_CONFIG_FILE ?? '/etc/pip.conf';
  for (const [name, value = ''] of [...wanted, ['PIP_CONFIG_FILE', whole] as const]) {
    if (!value.startsWith('/')) env[name] = value;
    else if (existsSync(value)) {
      env[name] = `${SETTINGS}/${name.toLowerCase()}`;
      binds.push({ from: value, to: env[name], isFile: statSync(value).isFile(), readOnly: true });
    }
  }
  return { binds, env };
}
