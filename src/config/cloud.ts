/** Reads `aws`, `azure` and `google` of m0.yaml: the identities of stacks' tools. */
import { resolve } from 'node:path';
import type { CloudRoles } from '../model/cloud-roles.ts';
import { CLOUDS, type RawShared } from './shared-keys.ts';
import type { Path } from './source.ts';

/** The keys of the clouds, as one place of the file or all of them together set them. */
export type WrittenClouds = Pick<RawShared, 'aws' | 'azure' | 'google'>;

/** What counts for a stack: of all places together. A limit is undefined where no place sets it. */
interface Merged {
  readonly clouds: WrittenClouds;
  readonly realign: string;
  readonly limits: { readonly planMs: number | undefined; readonly applyMs: number | undefined };
}

export interface CloudReader {
  /** The folder of m0.yaml: paths are relative to it. */
  readonly base: string;
  report(path: Path, problem: string): void;
  milliseconds(duration: string): number;
}

const HOUR_MS = 3_600_000;
/** What an apply has to end in after it was stopped; as in src/terraform/runner.ts. */
const APPLY_GRACE_MS = 5 * 60_000;

type Values = Readonly<Record<string, string | undefined>>;

/** What a cloud's entry must have for plans, and for applies. */
const NEEDED = {
  aws: { plan: ['planRole'], apply: ['applyRole'] },
  azure: { plan: ['tenantId', 'planClientId', 'planTokenFile'], apply: ['applyClientId', 'applyTokenFile'] },
  google: {
    plan: ['planServiceAccount', 'planCredentials'],
    apply: ['applyServiceAccount', 'applyCredentials'],
  },
} as const;

/** Merges the places key by key, the weakest first. */
export function mergeClouds(places: readonly WrittenClouds[]): WrittenClouds {
  const merged: Record<string, Values> = {};
  for (const cloud of CLOUDS) {
    const written = places.flatMap((place): Values[] => (place[cloud] === undefined ? [] : [place[cloud]]));
    if (written.length > 0) merged[cloud] = Object.assign({}, ...written) as Values;
  }
  return merged;
}

/**
 * The identities of one stack. Reports below `path` what is missing, and what would let a plan use the identity for
 * applies. `own`: what the file says for this stack, and not for many, such as its environment.
 */
export function readClouds(stack: Merged, own: WrittenClouds, path: Path, read: CloudReader): CloudRoles {
  const complete = (cloud: (typeof CLOUDS)[number]): Values | null => {
    const values: Values = stack.clouds[cloud] ?? {};
    const needed = NEEDED[cloud];
    const hasIdentity = [...needed.plan, ...needed.apply].some((key) => values[key] !== undefined);
    // Defaults such as a duration mean nothing for a stack that has no role.
    if (!hasIdentity && own[cloud] === undefined) return null;
    return isComplete(cloud, values) ? values : null;
  };
  const isComplete = (cloud: keyof typeof NEEDED, values: Values): boolean => {
    const { plan, apply } = NEEDED[cloud];
    const at = [...path, cloud];
    const required =
      stack.realign === 'never' && apply.every((key) => values[key] === undefined) ? [] : apply;
    const missing = [...plan, ...required].filter((key) => values[key] === undefined);
    if (missing.length > 0) {
      const never = missing.some((key) => (apply as readonly string[]).includes(key))
        ? ', or set realign: never'
        : '';
      read.report(at, `needs ${missing.join(' and ')} as well${never}`);
    }
    const pairs = [...plan.filter((key) => key !== 'tenantId'), ...apply];
    for (const key of pairs.filter((each) => each.startsWith('plan'))) {
      const other = key.replace(/^plan/, 'apply');
      if (values[key] !== undefined && values[key] === values[other]) {
        read.report(
          [...at, other],
          `is also ${key}: a plan could then change the cloud; give it one of its own`,
        );
      }
    }
    return missing.length === 0;
  };
  const file = (path: string): string => resolve(read.base, path);
  const [aws, azure, google] = [complete('aws'), complete('azure'), complete('google')];
  return {
    ...(aws === null ? {} : { aws: awsRoles(aws, file, stack.limits, path, read) }),
    ...(azure === null
      ? {}
      : {
          azure: {
            tenantId: azure.tenantId ?? '',
            subscriptionId: azure.subscriptionId ?? null,
            planClientId: azure.planClientId ?? '',
            planTokenFile: file(azure.planTokenFile ?? ''),
            applyClientId: azure.applyClientId ?? null,
            applyTokenFile: azure.applyTokenFile === undefined ? null : file(azure.applyTokenFile),
          },
        }),
    ...(google === null
      ? {}
      : {
          google: {
            planServiceAccount: google.planServiceAccount ?? '',
            planCredentials: file(google.planCredentials ?? ''),
            applyServiceAccount: google.applyServiceAccount ?? null,
            applyCredentials: google.applyCredentials === undefined ? null : file(google.applyCredentials),
          },
        }),
  };
}

function awsRoles(
  aws: Values,
  file: (path: string) => string,
  limits: Merged['limits'],
  path: Path,
  read: CloudReader,
): NonNullable<CloudRoles['aws']> {
  const durationMs = aws.duration === undefined ? HOUR_MS : read.milliseconds(aws.duration);
  const longest = Math.max(limits.planMs ?? 0, limits.applyMs ?? 0) + APPLY_GRACE_MS;
  if (longest > APPLY_GRACE_MS && longest > durationMs) {
    const needed = Math.ceil(longest / 60_000);
    read.report(
      [...path, 'aws'],
      `its sessions end before limits do, so an apply could lose its rights half-way: set duration to ${needed}m or more (1h where left out), or lower limits`,
    );
  }
  return {
    planRole: aws.planRole ?? '',
    applyRole: aws.applyRole ?? null,
    externalId: aws.externalId ?? null,
    durationMs,
    webIdentityTokenFile: aws.webIdentityTokenFile === undefined ? null : file(aws.webIdentityTokenFile),
  };
}
