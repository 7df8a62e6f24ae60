/**
 * Brings the tools a command needs, called by bootstrap.mjs once the npm packages are there:
 * `install.ts serve | sandbox | worker | policy | --test | --bench`. Prints nothing when there is nothing to do.
 */
import { existsSync } from 'node:fs';
import type { Env } from './find-executable.ts';
import { findMoto, findPython, installMoto, MOTO_VERSION } from './moto.ts';
import { buildOpa, downloadOpa, findOpa, findOpaSources, isFinal, OPA_VERSION } from './opa.ts';
import { openProbes, type Probes } from './probe.ts';
import { step } from './progress.mjs';
import { findTerraform, TERRAFORM_MISSING, toolsFolder } from './tools.ts';

/** Rejects with one message that names all that is missing and cannot be brought from here. */
async function install(command: string, env: Env): Promise<void> {
  const toolsDir = toolsFolder(env.M0_DATA_DIR || '.m0');
  const probes = await openProbes(toolsDir);
  const missing: string[] = [];
  const attempt = async (work: () => Promise<void>) => {
    await work().catch((error: unknown) => missing.push(describe(error)));
  };
  if (command !== 'policy') await attempt(() => requireTerraform(env, probes));
  await attempt(() => ensureOpa(toolsDir, env, probes));
  if (needsLocalCloud(command, env)) await attempt(() => ensureMoto(toolsDir, env));
  if (missing.length > 0) throw new Error(`set-up is not complete:\n  ${missing.join('\n  ')}`);
}

/** `serve` without a configuration is the sandbox. */
function needsLocalCloud(command: string, env: Env): boolean {
  if (['sandbox', '--test', '--bench'].includes(command)) return true;
  return command === 'serve' && !existsSync(env.M0_CONFIG || 'm0.yaml');
}

async function requireTerraform(env: Env, probes: Probes): Promise<void> {
  const { terraform, tofu } = await findTerraform(env, probes);
  if (!terraform && !tofu) throw new Error(TERRAFORM_MISSING);
}

async function ensureOpa(toolsDir: string, env: Env, probes: Probes): Promise<void> {
  if (await findOpa(toolsDir, env, probes)) return;
  const label = `[3/4] opa ${OPA_VERSION}`;
  let reason = '';
  try {
    await step(label, 'downloading the release, about 50 MB', () => downloadOpa(toolsDir));
  } catch (error) {
    if (isFinal(error)) throw error;
    reason = describe(error);
    const { go } = await findOpaSources(env);
    if (go === null) {
      throw new Error(
        `opa ${OPA_VERSION} cannot be downloaded (${reason}) and there is no Go to build it with: apt-get install golang-go, or name an opa in M0_OPA`,
      );
    }
    process.stderr.write(`${label}: ${reason}\n`);
    await step(label, 'building with Go instead, about 2 minutes', () => buildOpa(toolsDir, go, env));
  }
  if (!(await findOpa(toolsDir, env, probes))) {
    throw new Error(
      `opa ${OPA_VERSION} was installed in ${toolsDir} but does not compile policies on this machine`,
    );
  }
}

async function ensureMoto(toolsDir: string, env: Env): Promise<void> {
  if (await findMoto(toolsDir)) return;
  const python = await findPython(env);
  if (!python.ok) throw new Error(python.problem);
  await step(`[4/4] moto ${MOTO_VERSION}`, 'the local AWS, with pip, about 30 seconds', () =>
    installMoto(toolsDir, python.path),
  );
}

/** fetch says only "fetch failed" and keeps why in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

const [command = 'serve'] = process.argv.slice(2);
try {
  await install(command, process.env);
} catch (error) {
  process.stderr.write(`m0: ${describe(error)}\n`);
  process.exitCode = 2;
}
