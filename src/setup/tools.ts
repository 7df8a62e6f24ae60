/** Finds the tools that m0 needs. */
import path from 'node:path';
import { execa } from 'execa';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';
import { findVersions, type Installed, newestFirst, type ToolName } from './installed.ts';
import { findMoto, MOTO_VERSION } from './moto.ts';
import { findOpa } from './opa.ts';
import { findPluginMirrors, type PluginMirror, readOwnCliConfig } from './plugin-mirrors.ts';
import { openProbes, type Probes } from './probe.ts';
import { setsProviderInstallation, writeTerraformCliConfig } from './terraform-cli-config.ts';
import { findTerragrunt } from './terragrunt.ts';

/** The programs that m0 uses on this machine. Paths are absolute, because m0 runs them in other folders. */
export interface Tools {
  /** The tools for stacks that ask for no version. Either may be null, but not both. */
  terraform: string | null;
  tofu: string | null;
  /** Null where there is none. Only stacks with `tool: terragrunt` need it. */
  terragrunt: string | null;
  /** All versions found, including those above, newest first. */
  installed: Record<ToolName, readonly Installed[]>;
  opa: string;
  /** The local AWS of the sandbox and the tests; null where it is not installed. */
  motoServer: string | null;
  /** Path of the file for `TF_CLI_CONFIG_FILE`. */
  terraformCliConfig: string;
  pluginMirrors: PluginMirror[];
  /** By tool: `terraform`, `tofu`, `terragrunt`, `opa`, `moto`, as far as they exist. */
  versions: Record<string, string>;
}

/** Paths that stacks must be able to execute and read. */
export function toolsForStacks(
  tools: Pick<Tools, 'terraform' | 'tofu' | 'terragrunt' | 'pluginMirrors'>,
): string[] {
  const binaries = [tools.terraform, tools.tofu, tools.terragrunt].filter((file) => file !== null);
  return [...binaries, ...tools.pluginMirrors.map((mirror) => mirror.path)];
}

/** Where set-up installs tools, below m0's data folder. */
export function toolsFolder(dataDir: string): string {
  return path.resolve(dataDir, 'tools');
}

/**
 * Finds the tools without installing any. `dataDir` is m0's data folder. Rejects with one message that names
 * everything missing and how to get it.
 */
export async function loadTools(dataDir: string, env: Env): Promise<Tools> {
  const toolsDir = toolsFolder(dataDir);
  const probes = await openProbes(toolsDir);
  const missing: string[] = [];
  const { terraform, tofu, installed } = await findTerraform(env, probes);
  if (!terraform && !tofu) missing.push(TERRAFORM_MISSING);
  const opa = await findOpa(toolsDir, env, probes);
  if (!opa) missing.push('opa is not set up: run `npm start`, or name one in M0_OPA');
  if (!opa || missing.length > 0) throw new Error(`tools are missing:\n  ${missing.join('\n  ')}`);
  const terragrunt = await findTerragrunt(toolsDir, env, probes);
  const motoServer = await findMoto(toolsDir);
  const { file, mirrors } = await terraformCliConfig(toolsDir, env);
  return {
    terraform: terraform?.path ?? null,
    tofu: tofu?.path ?? null,
    terragrunt: terragrunt?.path ?? null,
    installed,
    opa: opa.path,
    motoServer,
    terraformCliConfig: file,
    pluginMirrors: mirrors,
    versions: {
      ...(terraform ? { terraform: terraform.version } : {}),
      ...(tofu ? { tofu: tofu.version } : {}),
      ...(terragrunt ? { terragrunt: terragrunt.version } : {}),
      opa: opa.version,
      ...(motoServer ? { moto: MOTO_VERSION } : {}),
    },
  };
}

/** Advice for a machine with neither Terraform nor OpenTofu. */
export const TERRAFORM_MISSING =
  'neither terraform nor tofu is on PATH: https://developer.hashicorp.com/terraform/install or https://opentofu.org/docs/intro/install, or name one in M0_TERRAFORM or M0_TOFU';

interface Terraforms {
  readonly terraform: Installed | null;
  readonly tofu: Installed | null;
  readonly installed: Record<ToolName, readonly Installed[]>;
}

/**
 * Finds Terraform and OpenTofu: `M0_TERRAFORM` / `M0_TOFU`, else the one on PATH, else the newest that
 * `installed.ts` finds. Rejects where a configured one does not run; others that do not run are ignored.
 */
export async function findTerraform(env: Env, probes: Probes): Promise<Terraforms> {
  const find = async (
    tool: ToolName,
    named: string | undefined,
    variable: string,
  ): Promise<{ standard: Installed | null; all: Installed[] }> => {
    if (named && !(await isExecutable(named))) throw new Error(`${variable}: ${named} cannot be run`);
    const file = named ? path.resolve(named) : (await findOnPath([tool], env))[0];
    const standard = file ? { path: file, version: await terraformVersion(file, env, probes) } : null;
    const all: Installed[] = standard === null ? [] : [standard];
    // One after the other, because their answers are cached in one file.
    for (const other of await findVersions(tool, env)) {
      const version = await terraformVersion(other, env, probes).catch(() => null);
      if (version !== null && all.every((each) => each.version !== version))
        all.push({ path: other, version });
    }
    const sorted = newestFirst(all);
    return { standard: standard ?? sorted[0] ?? null, all: sorted };
  };
  const terraform = await find('terraform', env.M0_TERRAFORM, 'M0_TERRAFORM');
  const tofu = await find('tofu', env.M0_TOFU, 'M0_TOFU');
  return {
    terraform: terraform.standard,
    tofu: tofu.standard,
    installed: { terraform: terraform.all, tofu: tofu.all },
  };
}

async function terraformVersion(file: string, env: Env, probes: Probes): Promise<string> {
  return await probes.get(file, 'terraform', async () => {
    const { stdout } = await execa(file, ['version', '-json'], { env: { ...env, CHECKPOINT_DISABLE: '1' } });
    // OpenTofu prints a warning before its JSON on stdout where the file in TF_CLI_CONFIG_FILE does not
    // exist.
    const json = stdout.slice(Math.max(0, stdout.indexOf('{')));
    const { terraform_version: version } = JSON.parse(json) as { terraform_version?: unknown };
    if (typeof version !== 'string') throw new Error(`${file}: asked for its version, said ${stdout}`);
    return version;
  });
}

/**
 * The CLI configuration for Terraform, and the mirrors it names. If the user's own configuration says where
 * providers come from, that file is used unchanged, unless `M0_PLUGIN_MIRROR` is set.
 */
export async function terraformCliConfig(
  toolsDir: string,
  env: Env,
): Promise<{ file: string; mirrors: PluginMirror[] }> {
  const own = await readOwnCliConfig(env);
  const mirrors = await findPluginMirrors(env);
  if (own && setsProviderInstallation(own.text) && !env.M0_PLUGIN_MIRROR) return { file: own.path, mirrors };
  const userConfig = own && !setsProviderInstallation(own.text) ? own.text : '';
  return { file: await writeTerraformCliConfig(toolsDir, mirrors, userConfig), mirrors };
}
