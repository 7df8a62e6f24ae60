/**
 * The settings that a stack gets from several places: `defaults`, its environment, an entry of `discover` and its
 * overrides, a file `.m0.yaml`, and the stack itself. Each place is read and checked by itself; then they are merged.
 * A further key of a stack belongs into `Settings`, `readSettings`, `mergeSettings` and `settle`, and nowhere else.
 */
import type { IgnoreRule } from '../drift/ignore.ts';
import type {
  Approvers,
  EscalationStep,
  Place,
  PolicySource,
  SeverityRule,
  Stack,
} from '../model/directory.ts';
import { DEFAULT_LIMITS, type Limits } from '../model/limits.ts';
import { type AskingReader, readEscalation, readQuietHours, type WrittenQuietHours } from './asking.ts';
import { mergeCauses, readCauses, type WrittenCauses } from './causes.ts';
import { type CloudReader, mergeClouds, readClouds, type WrittenClouds } from './cloud.ts';
import type { RawStack } from './schema.ts';
import type { RawSettings } from './setting-keys.ts';
import { CLOUD_FILES, CLOUDS } from './shared-keys.ts';
import type { Path } from './source.ts';

/** What one place sets. Undefined: it says nothing, and the place before it counts. */
export interface Settings {
  readonly tool: RawSettings['tool'];
  /** What Terragrunt runs. */
  readonly runs: RawSettings['runs'];
  readonly toolVersion: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Values of `env` that come from references, by the name of the variable. */
  readonly secrets: Readonly<Record<string, readonly string[]>>;
  readonly schedule: readonly string[] | undefined;
  /** Null: pushes are not looked for. */
  readonly pollMs: number | null | undefined;
  readonly timezone: string | undefined;
  readonly realign: Stack['realign'] | undefined;
  /** Names of policies. */
  readonly policies: readonly string[];
  readonly channels: readonly Place[] | undefined;
  readonly approvers: Approvers | undefined;
  readonly healLimit: number | undefined;
  readonly ignore: readonly IgnoreRule[];
  readonly severity: readonly SeverityRule[];
  /** Null: off. */
  readonly quietHours: WrittenQuietHours | null | undefined;
  readonly escalation: readonly EscalationStep[] | undefined;
  readonly limits: { readonly planMs: number | undefined; readonly applyMs: number | undefined };
  readonly clouds: WrittenClouds;
  readonly causes: WrittenCauses | undefined;
  /** Names of stacks, which may be found only later. */
  readonly after: readonly string[];
  readonly worker: string | undefined;
}

/** The functions of the configuration reader that settings need. */
export interface SettingsReader extends AskingReader, CloudReader {
  crons(path: Path, schedule: string | readonly string[]): readonly string[];
  places(path: Path, texts: readonly string[]): readonly Place[];
  policyNames(path: Path, names: readonly string[]): readonly string[];
  readApprovers(path: Path, approvers: NonNullable<RawStack['approvers']>): Approvers;
  readEnv(path: Path, values: Readonly<Record<string, string>>): Pick<Settings, 'env' | 'secrets'>;
  /** Reports a file that must not be given to a tool. */
  checkToolFile(path: Path, file: string): void;
  /** Reports names that no stack can have. */
  followed(path: Path, names: readonly string[]): readonly string[];
}

/** Reads what one place sets, and reports its problems with their path. */
export function readSettings(raw: RawSettings, path: Path, read: SettingsReader): Settings {
  const at = (key: keyof RawSettings): Path => [...path, key];
  const ifSet = <T, R>(value: T | undefined, then: (value: T) => R): R | undefined =>
    value === undefined ? undefined : then(value);
  for (const cloud of CLOUDS) {
    for (const [key, value] of Object.entries(raw[cloud] ?? {})) {
      if (CLOUD_FILES.includes(key) && typeof value === 'string')
        read.checkToolFile([...path, cloud, key], value);
    }
  }
  const milliseconds = (duration: string | undefined): number | undefined =>
    ifSet(duration, read.milliseconds);
  return {
    tool: raw.tool,
    runs: raw.runs,
    toolVersion: raw.version,
    ...read.readEnv(at('env'), raw.env ?? {}),
    schedule: ifSet(raw.schedule, (schedule) => read.crons(at('schedule'), schedule)),
    pollMs: ifSet(raw.push, (push) => (push === 'off' ? null : read.milliseconds(push.poll))),
    timezone: ifSet(raw.timezone, (zone) => read.zone(at('timezone'), zone)),
    realign: raw.realign,
    policies: read.policyNames(at('policies'), raw.policies ?? []),
    channels: ifSet(raw.channels, (channels) => read.places(at('channels'), channels)),
    approvers: ifSet(raw.approvers, (approvers) => read.readApprovers(at('approvers'), approvers)),
    healLimit: raw.healLimit,
    ignore: raw.ignore ?? [],
    severity: raw.severity ?? [],
    quietHours: ifSet(raw.quietHours, (hours) => readQuietHours(hours, at('quietHours'), read)),
    escalation: ifSet(raw.escalation, (steps) => readEscalation(steps, at('escalation'), read)),
    limits: { planMs: milliseconds(raw.limits?.plan), applyMs: milliseconds(raw.limits?.apply) },
    clouds: mergeClouds([raw]),
    causes: raw.causes,
    after: read.followed(at('after'), raw.after ?? []),
    worker: raw.worker,
  };
}

/** The one that was set last. `null` is a value. */
function last<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.findLast((value) => value !== undefined);
}

/**
 * Merges the places, the weakest first. Policies, ignore rules, severity rules and the stacks that a stack follows add
 * up, variables, limits and keys of clouds and of `causes` are taken one by one, and of everything else the last value counts whole.
 */
export function mergeSettings(places: readonly Settings[]): Settings {
  const of = <K extends keyof Settings>(key: K) => places.map((place) => place[key]);
  return {
    tool: last(of('tool')),
    runs: last(of('runs')),
    toolVersion: last(of('toolVersion')),
    env: Object.assign({}, ...of('env')) as Settings['env'],
    // A variable that is set again without a reference has no secrets of the value before.
    secrets: Object.assign({}, ...of('secrets')) as Settings['secrets'],
    schedule: last(of('schedule')),
    pollMs: last(of('pollMs')),
    timezone: last(of('timezone')),
    realign: last(of('realign')),
    policies: [...new Set(of('policies').flat())],
    channels: last(of('channels')),
    approvers: last(of('approvers')),
    healLimit: last(of('healLimit')),
    ignore: of('ignore').flat(),
    severity: of('severity').flat(),
    quietHours: last(of('quietHours')),
    escalation: last(of('escalation')),
    limits: {
      planMs: last(places.map((place) => place.limits.planMs)),
      applyMs: last(places.map((place) => place.limits.applyMs)),
    },
    clouds: mergeClouds(of('clouds')),
    causes: mergeCauses(of('causes')),
    after: [...new Set(of('after').flat())],
    worker: last(of('worker')),
  };
}

/** The values that a stack has where no place sets them; m0.yaml's `defaults` set all but the last two. */
const NOBODY: Approvers = { from: [], need: 1, notTheAuthor: false };

/** A stack whose settings are known. */
export interface Settled {
  readonly name: string;
  /** What counts for it. */
  readonly merged: Settings;
  /** What the file says for it, or for the entry of `discover`, and not for all stacks or those of an environment. */
  readonly own: Settings;
  readonly path: Path;
}

/** The settings of a stack. `policies`: all of m0.yaml, by name. Reports what its clouds lack below its path. */
export function settle(
  { name, merged, own, path }: Settled,
  policies: ReadonlyMap<string, PolicySource>,
  read: CloudReader,
): Omit<Stack, 'name' | 'environment' | 'source' | 'workspace' | 'varFiles'> {
  const timezone = merged.timezone ?? 'UTC';
  const { quietHours } = merged;
  const realign = merged.realign ?? 'never';
  // A stack that its environment or the defaults name means the others there.
  const after = merged.after.filter((other) => other !== name);
  const clouds = readClouds({ ...merged, realign }, own.clouds, path, read);
  return {
    ...settledTool(merged),
    toolVersion: merged.toolVersion ?? null,
    env: merged.env,
    secrets: Object.values(merged.secrets).flat(),
    schedule: merged.schedule ?? [],
    pollMs: merged.pollMs ?? null,
    timezone,
    realign,
    policies: merged.policies.flatMap((policy) => policies.get(policy) ?? []),
    channels: merged.channels ?? [],
    // Without approvers nobody can approve. It never means that anybody can.
    approvers: merged.approvers ?? NOBODY,
    ...(merged.healLimit === undefined ? {} : { healLimit: merged.healLimit }),
    ignore: merged.ignore,
    severity: merged.severity,
    quietHours: quietHours == null ? null : { ...quietHours, timezone: quietHours.timezone ?? timezone },
    escalation: merged.escalation ?? [],
    limits: settledLimits(merged.limits),
    ...clouds,
    ...readCauses(merged.causes, { ...clouds, env: merged.env }, path, read.report),
    ...(after.length === 0 ? {} : { after }),
    ...(merged.worker === undefined ? {} : { worker: merged.worker }),
  };
}

/** Terragrunt runs one of the tools for the stack. */
function settledTool({ tool, runs }: Settings): Pick<Stack, 'tool' | 'terragrunt'> {
  return tool === 'terragrunt'
    ? { tool: runs ?? 'terraform', terragrunt: true }
    : { tool: tool ?? 'terraform' };
}

function settledLimits({ planMs, applyMs }: Settings['limits']): Limits {
  return { planMs: planMs ?? DEFAULT_LIMITS.planMs, applyMs: applyMs ?? DEFAULT_LIMITS.applyMs };
}
