/** Reads `causes` of m0.yaml: what m0 may read to tell who changed the cloud. */
import type { CauseLog, CauseSettings } from '../model/cloud-roles.ts';
import type { Stack } from '../model/directory.ts';
import type { RawShared } from './shared-keys.ts';
import type { Path } from './source.ts';

/** The keys of `causes`, as one place of the file or all of them together set them. */
export type WrittenCauses = NonNullable<RawShared['causes']>;

const DEFAULT_REGION = 'us-east-1';

/** Merges the places key by key, the weakest first. */
export function mergeCauses(places: readonly (WrittenCauses | undefined)[]): WrittenCauses | undefined {
  const written = places.filter((place) => place !== undefined);
  if (written.length === 0) return undefined;
  const cloudtrail = merged(written.map((place) => place.cloudtrail));
  const athena = merged(written.map((place) => place.athena));
  return {
    ...(Object.assign({}, ...written) as WrittenCauses),
    ...(cloudtrail === undefined ? {} : { cloudtrail }),
    ...(athena === undefined ? {} : { athena }),
  };
}

function merged<T extends object>(places: readonly (T | undefined)[]): T | undefined {
  const written = places.filter((place) => place !== undefined);
  return written.length === 0 ? undefined : (Object.assign({}, ...written) as T);
}

/** The settings of one stack; empty where nothing is to be asked. Reports below `path` what is missing. */
export function readCauses(
  causes: WrittenCauses | undefined,
  stack: Pick<Stack, 'env' | 'aws'>,
  path: Path,
  report: (path: Path, problem: string) => void,
): { readonly causes?: CauseSettings } {
  if (causes === undefined) return {};
  const { cloudtrail, athena, ask = false } = causes;
  const at = [...path, 'causes'];
  if (cloudtrail !== undefined && athena !== undefined) {
    report([...at, 'athena'], 'has the same events as cloudtrail: set one of them');
    return {};
  }
  const log = readLog(cloudtrail, stack, [...at, 'cloudtrail'], report);
  const table = readAthena(athena, stack, [...at, 'athena'], report);
  if (log === undefined || table === undefined) return {};
  return { causes: { cloudtrail: log, athena: table, ask } };
}

/** The role and the regions of a log; null: it is not written; undefined: something is missing. */
function readLog(
  written: WrittenCauses['cloudtrail'],
  { env, aws }: Pick<Stack, 'env' | 'aws'>,
  at: Path,
  report: (path: Path, problem: string) => void,
): CauseLog | null | undefined {
  if (written === undefined) return null;
  const { role, externalId, regions } = written;
  if (role === undefined) {
    report(at, 'needs role as well');
    return undefined;
  }
  if (role === aws?.applyRole) {
    report([...at, 'role'], 'is also aws.applyRole: give it one of its own, which only reads CloudTrail');
  }
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? DEFAULT_REGION;
  return {
    ...{ role, regions: regions ?? [region], externalId: externalId ?? null },
    webIdentityTokenFile: aws?.webIdentityTokenFile ?? null,
  };
}

function readAthena(
  written: WrittenCauses['athena'],
  stack: Pick<Stack, 'env' | 'aws'>,
  at: Path,
  report: (path: Path, problem: string) => void,
): CauseSettings['athena'] | undefined {
  if (written === undefined) return null;
  const log = readLog(written, stack, at, report);
  if (log == null) return undefined;
  const { database, table, workgroup = 'primary', output = null } = written;
  if (database === undefined || table === undefined) {
    report(at, `needs ${database === undefined ? 'database' : 'table'} as well`);
    return undefined;
  }
  const region = written.region ?? log.regions[0] ?? DEFAULT_REGION;
  return { ...log, region, database, table, workgroup, output };
}
