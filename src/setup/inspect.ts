/** The table of `m0 doctor`: what a start needs, and what is there. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { errorText } from '../base/error-text.ts';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';
import { hasSandbox } from './has-sandbox.ts';
import { findMoto, findPython, MOTO_VERSION } from './moto.ts';
import { findOpa } from './opa.ts';
import { findPluginMirrors } from './plugin-mirrors.ts';
import { openProbes } from './probe.ts';
import { findTerragrunt, TERRAGRUNT_MISSING } from './terragrunt.ts';
import { findTerraform, TERRAFORM_MISSING, toolsFolder } from './tools.ts';

/** One thing that a start needs, and its state. */
export interface Row {
  readonly what: string;
  readonly state: 'ok' | 'missing' | 'warning';
  readonly found: string;
  /** What to do; absent where nothing is needed. */
  readonly todo?: string;
}

/**
 * The tools as rows, without installing any. `sandbox` adds those that only the sandbox and the tests need, `terragrunt`
 * the one that only stacks with `tool: terragrunt` need.
 */
export async function inspectTools(options: {
  dataDir: string;
  env: Env;
  sandbox: boolean;
  terragrunt?: boolean;
}): Promise<Row[]> {
  const { env, sandbox } = options;
  const toolsDir = toolsFolder(options.dataDir);
  const probes = await openProbes(toolsDir);
  const rows: Row[] = [
    { what: 'Node', state: 'ok' as const, found: process.version },
    packagesRow(),
    await asRow('Git', 'apt-get install git', async () => {
      const { stdout } = await execa('git', ['--version'], { env });
      return stdout.replace(/^git version /, '');
    }),
    await asRow('Terraform, OpenTofu', TERRAFORM_MISSING, async () => {
      const { terraform, tofu, installed } = await findTerraform(env, probes);
      if (!terraform && !tofu) throw new Error('neither');
      const lines = Object.entries(installed).flatMap(([name, all]) =>
        all.map(({ path: file, version }) => `${name} ${version} (${file})`),
      );
      return lines.join(', ');
    }),
    await asRow(
      'provider mirror',
      'name one that holds providers in M0_PLUGIN_MIRROR, or unset it',
      async () => {
        const mirrors = await findPluginMirrors(env);
        if (mirrors.length === 0) return 'none: providers come from their registry';
        return mirrors.map((mirror) => `${mirror.path} (${mirror.providers.length})`).join(', ');
      },
    ),
    await opaRow(toolsDir, env, probes),
  ];
  if (options.terragrunt === true) {
    rows.push(
      await asRow('Terragrunt', TERRAGRUNT_MISSING, async () => {
        const found = await findTerragrunt(toolsDir, env, probes);
        if (found === null) throw new Error('no terragrunt 1.0 or later');
        return `${found.version} (${found.path})`;
      }),
    );
  }
  return sandbox ? [...rows, ...(await sandboxRows(toolsDir, env))] : rows;
}

function packagesRow(): Row {
  const what = 'npm packages';
  if (!hasSandbox()) return { what, state: 'ok', found: 'those of the image' };
  // The packages exist, or this code would not run. The stamp says whether they match the lock file.
  const stamped = existsSync(new URL('../../node_modules/.m0-lock', import.meta.url));
  return stamped
    ? { what, state: 'ok', found: 'as in package-lock.json' }
    : { what, state: 'warning', found: 'not checked against package-lock.json', todo: 'start m0 with npm' };
}

async function opaRow(
  toolsDir: string,
  env: Env,
  probes: Awaited<ReturnType<typeof openProbes>>,
): Promise<Row> {
  try {
    const opa = await findOpa(toolsDir, env, probes);
    if (opa) return { what: 'opa', state: 'ok', found: `${opa.version} (${opa.path})` };
    return { what: 'opa', state: 'warning', found: 'not set up yet', todo: 'npm start brings it' };
  } catch (error) {
    return { what: 'opa', state: 'missing', found: firstLine(error), todo: 'correct or unset M0_OPA' };
  }
}

async function sandboxRows(toolsDir: string, env: Env): Promise<Row[]> {
  const python = await findPython(env);
  const moto = await findMoto(toolsDir);
  const [chromium] = await findOnPath(['chromium', 'chromium-browser', 'google-chrome'], env);
  return [
    python.ok
      ? { what: 'Python', state: 'ok', found: python.version }
      : { what: 'Python', state: moto ? 'warning' : 'missing', found: 'not usable', todo: python.problem },
    moto
      ? { what: 'moto (local AWS)', state: 'ok', found: MOTO_VERSION }
      : { what: 'moto (local AWS)', state: 'warning', found: 'not set up yet', todo: 'npm start brings it' },
    chromium && (await isExecutable(chromium))
      ? { what: 'Chromium', state: 'ok', found: path.resolve(chromium) }
      : {
          what: 'Chromium',
          state: 'warning',
          found: 'not found',
          todo: 'apt-get install chromium (only for the browser test)',
        },
  ];
}

async function asRow(what: string, todo: string, find: () => Promise<string>): Promise<Row> {
  try {
    return { what, state: 'ok', found: await find() };
  } catch (error) {
    return { what, state: 'missing', found: firstLine(error), todo };
  }
}

function firstLine(error: unknown): string {
  return errorText(error).split('\n')[0] ?? '';
}
