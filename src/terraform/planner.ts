/** Makes one plan of a stack and reads it. */
import { createHmac } from 'node:crypto';
import { constants } from 'node:fs';
import { chown, open, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { analyzePlan } from '../drift/analyze.ts';
import { ignoredBy, ignoreFindings } from '../drift/ignore.ts';
import { readPlan } from '../drift/read-plan.ts';
import type { Schema } from '../drift/schema.ts';
import { touchedAddresses } from '../drift/touched.ts';
import type { Clock, Stack } from '../model/directory.ts';
import { limitsOf } from '../model/limits.ts';
import type { PlanResult } from '../ports/runner.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { secretValues } from './child-environment.ts';
import { hcpWorkspace } from './hcp-workspace.ts';
import type { Initialised } from './initialise.ts';
import { keepIgnored } from './keep-ignored.ts';
import type { ProviderSchemas } from './provider-schemas.ts';
import { type RemoteWorkspace, remoteWorkspace, runIn, whyNoPlanFile } from './remote-plan.ts';
import type { Scratch } from './scratch.ts';
import { hasDevOverrides, showConfig } from './show-config.ts';
import type { Shown, ShownPlans } from './shown-plans.ts';
import type { Scrubber, StackTool } from './stack-tool.ts';
import type { Unit, Workplace } from './terragrunt-place.ts';
import type { WorkTree } from './work-tree.ts';

/** A plan in the scratch directory, read. */
export type MadePlan = Pick<PlanResult, 'document' | 'analysis' | 'schema'> & {
  readonly bytes: Buffer;
  /** ms since epoch. */
  readonly madeAt: number;
  readonly touches: readonly string[];
  /** Why its values may be made up; null: they are not. */
  readonly madeUp: string | null;
  /** Why it is never applied; null: it may be. */
  readonly tellOnly: string | null;
  /** As in Shown. */
  readonly shownAs: string | null;
  /** The tree whose modules it planned. */
  readonly tree: WorkTree;
};

/** A stack's checkout with its tool; `unit` is null unless Terragrunt runs it. */
export type OpenStack = Workplace & { readonly unit: Unit | null };

export interface PlannerParts {
  readonly cliConfig: string;
  /** m0's environment. */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly clock: Clock;
  /** Key of the fingerprints. */
  readonly key: string;
  /** ms that a stopped plan has before it is killed; 30 s where left out. */
  readonly graceMs?: number | undefined;
  readonly scratch: Scratch;
  readonly schemas: ProviderSchemas;
  readonly shown: Pick<ShownPlans<never>, 'of'>;
  readonly initialised: Initialised;
  readonly scrubberOf: (stack: Stack) => Scrubber;
  /** Texts of the credentials that the stack's tools were given. */
  readonly lentSecretsOf: (stack: Stack) => readonly string[];
  /** Called with secrets that later errors of the stack may contain: those that its code declares, or its plan has. */
  readonly onSecrets: (stack: Stack, from: 'code' | 'plan', secrets: readonly string[]) => void;
}

const MINUTE = 60_000;
const PLAN_GRACE_MS = 30_000;
const SHOW = { limitMs: 5 * MINUTE, graceMs: 5_000 };
/** As much as a plan that runs elsewhere may print. */
const REMOTE_LOG_BYTES = 64 * 1024 * 1024;

/** `planOnce` makes a plan into a file of the scratch directory. It rejects with RunnerErrors. */
export function createPlanner(options: PlannerParts) {
  const { base, cliConfig, initialised, log, schemas, scratch, scrubberOf, shown } = options;

  function analysed(
    json: Uint8Array,
    stack: Stack,
    schema: Schema | undefined,
  ): Pick<PlanResult, 'document' | 'analysis'> {
    try {
      const document = readPlan(json, `the plan of ${stack.name}`);
      const ignores = ignoredBy(stack.ignore);
      const secrets = [...secretValues(stack), ...options.lentSecretsOf(stack)];
      const known = { key: options.key, secrets, ignores };
      const analysis = analyzePlan(document, schema === undefined ? known : { ...known, schema });
      return { document, analysis: ignoreFindings(analysis, stack.ignore) };
    } catch (cause) {
      const text = errorText(cause);
      throw new RunnerError('show', scrubberOf(stack)(`reading the plan: ${text}`), { cause });
    }
  }

  /** Makes one plan into `file`, or a file beside it, and reads it. Leaves ignored attributes as they are if it can. */
  async function planOnce(
    stack: Stack,
    { tree, tool, unit }: OpenStack,
    file: string,
    flags: readonly string[],
    signal: AbortSignal,
  ): Promise<MadePlan> {
    const limitMs = limitsOf(stack).planMs;
    const into = async (out: string, plan: (run: () => Promise<Buffer>) => Promise<Buffer>) => {
      const args = ['plan', '-input=false', '-lock=false', '-no-color', '-detailed-exitcode'];
      // Terragrunt runs the tool in another folder.
      const varFiles = stack.varFiles.map((name) => (unit === null ? name : resolve(tree.cwd, name)));
      args.push(...flags, ...varFiles.map((name) => `-var-file=${name}`));
      // Taken before the refresh: a change made during the refresh may be missing from the plan.
      let madeAt = options.clock();
      let stderr = '';
      let remote: RemoteWorkspace | null = null;
      const ended = async (text: string): Promise<void> => {
        stderr = text;
        if (unit !== null) options.onSecrets(stack, 'code', await unit.secrets());
      };
      const stdout = await plan(async () => {
        // Known only after `init`. A unit's own `init` is part of its plan.
        remote = unit === null ? await remoteOf(stack, tree, signal) : null;
        madeAt = options.clock();
        return tool.run('plan', remote === null ? [...args, `-out=${out}`] : args, {
          limitMs,
          graceMs: options.graceMs ?? PLAN_GRACE_MS,
          signal,
          fine: [0, 2],
          ended,
          ...(remote === null ? {} : { answerBytes: REMOTE_LOG_BYTES }),
        });
      });
      const planned = unit === null ? { tree, tool } : await unit.planned();
      const { bytes, json, shownAs } = await readPlanned(stack, out, stdout, planned, remote, signal);
      const within = <T>(work: (dir: string) => Promise<T>): Promise<T> => scratch.within(tree.user, work);
      const schema = await schemas.of({ ...planned.tree, within }, planned.tool, signal);
      const { document, analysis } = analysed(json, stack, schema);
      options.onSecrets(stack, 'plan', analysis.secrets);
      const madeUp = unit === null ? null : await unit.madeUp(stderr);
      const touches = touchedAddresses(document);
      const tellOnly = madeUp ?? whyRemote(remote) ?? whyNoPlanFile(bytes);
      const known = schema === undefined ? {} : { schema };
      const made = { bytes, madeAt, document, analysis, touches, madeUp, tellOnly, shownAs };
      return { ...made, tree: planned.tree, ...known };
    };
    const first = await into(file, (run) => initialised(stack, { tree, tool }, signal, run));
    // What is never applied needs no plan that leaves ignored attributes as they are.
    if (first.tellOnly !== null) return first;
    let plans = 1;
    return keepIgnored(first, {
      ...{ stack: stack.name, tool: stack.tool, tree: first.tree, ignores: ignoredBy(stack.ignore), log },
      again: () => {
        plans += 1;
        return into(`${file}-${plans}`, (run) => run());
      },
    });
  }

  /** The stack's workspace if HCP Terraform or Terraform Enterprise plans it there; null: it is planned here. */
  async function remoteOf(
    stack: Stack,
    { dataDir: toolDir }: WorkTree,
    signal: AbortSignal,
  ): Promise<RemoteWorkspace | null> {
    const workspace = await hcpWorkspace({ dataDir: toolDir, stack, cliConfig });
    return workspace === null ? null : remoteWorkspace(workspace, { base }, signal);
  }

  /** The bytes to keep of a plan, and the plan as JSON. Of a remote plan, only its run is kept. */
  async function readPlanned(
    stack: Stack,
    file: string,
    stdout: Buffer,
    { tree, tool }: Workplace,
    remote: RemoteWorkspace | null,
    signal: AbortSignal,
  ): Promise<Shown & { readonly bytes: Buffer }> {
    if (remote === null) {
      const bytes = await ownBytes(file);
      const showNow = (): Promise<Buffer> => show(tree, tool, file, signal);
      return { bytes, ...(await shown.of(stack.name, await howShown(stack, tool), bytes, showNow)) };
    }
    const run = runIn(stdout.toString('utf8'));
    const json = await remote.api.planJson(run, signal);
    return { bytes: Buffer.from(JSON.stringify({ run })), json, shownAs: null };
  }

  /** What the output of `show` depends on, besides the plan file; null where that can't be told. */
  async function howShown(stack: Stack, tool: StackTool): Promise<string | null> {
    if (await hasDevOverrides(cliConfig)) return null;
    return createHmac('sha256', options.key)
      .update(JSON.stringify([tool.version, Object.entries(stack.env).sort()]))
      .digest('hex');
  }

  /** The plan as JSON, without checking the providers again, which the plan has just done. */
  async function show(tree: WorkTree, tool: StackTool, file: string, signal: AbortSignal): Promise<Buffer> {
    const args = ['show', '-json', '-no-color', file];
    const text = await showConfig({ ...tree, cliConfig });
    if (text === null) return tool.run('show', args, { ...SHOW, signal });
    const own = `${file}.tfrc`;
    await writeFile(own, text, { mode: 0o600, flag: 'wx' });
    if (tree.user !== null) await chown(own, tree.user.uid, tree.user.gid);
    return tool.run('show', args, { ...SHOW, signal, change: { TF_CLI_CONFIG_FILE: own } });
  }

  return planOnce;
}

function whyRemote(remote: RemoteWorkspace | null): string | null {
  return remote?.tellOnly ?? null;
}

/**
 * The bytes that the tool has written. Makes the file readable by its owner only, and follows no symbolic
 * link.
 */
async function ownBytes(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.chmod(0o600);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
