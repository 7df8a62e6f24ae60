/**
 * Installs the tools that a command needs. bootstrap.mjs calls it after the npm packages: `install.ts serve |
 * sandbox | worker | policy | --test [PROJECT] | --bench`. Prints nothing when there is nothing to do.
 */
import { existsSync, readFileSync } from 'node:fs';
import { errorTextWithCause } from '../base/error-text.ts';
import { type Env, findGo } from './find-executable.ts';
import { findMoto, findPython, installMoto, MOTO_VERSION } from './moto.ts';
import { buildOpa, downloadOpa, findOpa, OPA_VERSION } from './opa.ts';
import { openProbes, type Probes } from './probe.ts';
import { step } from './progress.mjs';
import { isFinal } from './release.ts';
import { buildTerragrunt, downloadTerragrunt, findTerragrunt, TERRAGRUNT_VERSION } from './terragrunt.ts';
import { buildTofu, downloadTofu, findTofu, TOFU_VERSION } from './tofu.ts';
import { findTerraform, TERRAFORM_MISSING, toolsFolder } from './tools.ts';

/** Projects of the tests that run neither OpenTofu nor Terragrunt; building one takes minutes. */
const WITHOUT_TOFU = ['quick', 'crash'];

/**
 * `project`: the only one of the tests that will run; null for all. Rejects with one message that names everything
 * missing that cannot be installed here.
 */
async function install(command: string, project: string | null, env: Env): Promise<void> {
  const toolsDir = toolsFolder(env.M0_DATA_DIR || '.m0');
  const probes = await openProbes(toolsDir);
  const missing: string[] = [];
  const attempt = async (work: () => Promise<void>) => {
    await work().catch((error: unknown) => missing.push(errorTextWithCause(error)));
  };
  if (command !== 'policy') await attempt(() => requireTerraform(env, probes));
  await attempt(() => ensureOpa(toolsDir, env, probes));
  const needsTofu = command === '--test' && !WITHOUT_TOFU.includes(project ?? '');
  if (needsTofu) await attempt(() => ensureTofu(toolsDir, env));
  if (needsTofu || needsTerragrunt(command, env))
    await attempt(() => ensureTerragrunt(toolsDir, env, probes));
  if (needsLocalCloud(command, env) && project !== 'quick') await attempt(() => ensureMoto(toolsDir, env));
  if (missing.length > 0) throw new Error(`set-up is not complete:\n  ${missing.join('\n  ')}`);
}

/** `serve` without a configuration starts the sandbox. */
function needsLocalCloud(command: string, env: Env): boolean {
  if (['sandbox', '--test', '--bench'].includes(command)) return true;
  return command === 'serve' && !env.M0_CONFIG && !existsSync('m0.yaml');
}

/**
 * True if a stack of m0.yaml may use Terragrunt. Read as text: m0.yaml is checked later, and may name secrets that only
 * the service has.
 */
function needsTerragrunt(command: string, env: Env): boolean {
  const file = env.M0_CONFIG || 'm0.yaml';
  if (!['serve', 'worker', 'check'].includes(command) || !existsSync(file)) return false;
  return /\btool["']?\s*:\s*["']?terragrunt\b/.test(readFileSync(file, 'utf8'));
}

async function requireTerraform(env: Env, probes: Probes): Promise<void> {
  const { terraform, tofu } = await findTerraform(env, probes);
  if (!terraform && !tofu) throw new Error(TERRAFORM_MISSING);
}

async function ensureOpa(toolsDir: string, env: Env, probes: Probes): Promise<void> {
  if (await findOpa(toolsDir, env, probes)) return;
  await downloadOrBuild({
    label: `[3/4] opa ${OPA_VERSION}`,
    what: 'about 50 MB',
    minutes: 'about 2 minutes',
    todo: 'or name an opa in M0_OPA',
    env,
    download: () => downloadOpa(toolsDir),
    build: (go) => buildOpa(toolsDir, go, env),
  });
  if (!(await findOpa(toolsDir, env, probes))) {
    throw new Error(
      `opa ${OPA_VERSION} was installed in ${toolsDir} but does not compile policies on this machine`,
    );
  }
}

async function ensureTofu(toolsDir: string, env: Env): Promise<void> {
  if (await findTofu(toolsDir, env)) return;
  await downloadOrBuild({
    label: `[tests] tofu ${TOFU_VERSION}`,
    what: 'about 30 MB',
    minutes: 'about 3 minutes',
    todo: 'or name a tofu in M0_TOFU',
    env,
    download: () => downloadTofu(toolsDir),
    build: (go) => buildTofu(toolsDir, go, env),
  });
}

async function ensureTerragrunt(toolsDir: string, env: Env, probes: Probes): Promise<void> {
  if (await findTerragrunt(toolsDir, env, probes)) return;
  await downloadOrBuild({
    label: `[terragrunt] terragrunt ${TERRAGRUNT_VERSION}`,
    what: 'about 80 MB',
    minutes: 'about 3 minutes',
    todo: 'or name a terragrunt in M0_TERRAGRUNT',
    env,
    download: () => downloadTerragrunt(toolsDir),
    build: (go) => buildTerragrunt(toolsDir, go, env),
  });
}

/** Downloads a release; where that fails, builds it with Go. */
async function downloadOrBuild(options: {
  readonly label: string;
  readonly what: string;
  readonly minutes: string;
  readonly todo: string;
  readonly env: Env;
  readonly download: () => Promise<void>;
  readonly build: (go: string) => Promise<void>;
}): Promise<void> {
  const { label } = options;
  try {
    await step(label, `downloading the release, ${options.what}`, options.download);
  } catch (error) {
    if (isFinal(error)) throw error;
    const reason = errorTextWithCause(error);
    const go = await findGo(options.env);
    if (go === null) {
      const name = label.replace(/^\[.*\] /, '');
      throw new Error(
        `${name} cannot be downloaded (${reason}) and there is no Go to build it with: apt-get install golang-go, ${options.todo}`,
      );
    }
    process.stderr.write(`${label}: ${reason}\n`);
    await step(label, `building with Go instead, ${options.minutes}`, () => options.build(go));
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

const [command = 'serve', project = null] = process.argv.slice(2);
try {
  await install(command, project, process.env);
} catch (error) {
  process.stderr.write(`m0: ${errorTextWithCause(error)}\n`);
  process.exitCode = 2;
}
