/** Attributes whose value alone says that something is open, or that data is less safe. */
import type { Finding, Json, ShownValue } from '../finding.ts';
import { actFact, type Fact, type SeverityKind, type Verb } from './fact.ts';
import { parsePath } from './places.ts';

interface Switch {
  readonly kind: Extract<SeverityKind, 'exposure' | 'data'>;
  /** The last key of the path. */
  readonly key: RegExp;
  readonly types?: RegExp;
  /** The rest of the path that must come before the key. */
  readonly within?: RegExp;
  readonly is: (value: Json) => boolean;
  /** False: nothing is told where the value was missing before, because missing has the same meaning. */
  readonly fromNothing: boolean;
  readonly weight: number;
  readonly verb: Verb;
  readonly object: (value: Json) => string;
  readonly quality?: string;
}

const TURN_ON: Verb = { base: 'turn on', third: 'turns on', past: 'turned on' };
const TURN_OFF: Verb = { base: 'turn off', third: 'turns off', past: 'turned off' };
const LOWER: Verb = { base: 'lower', third: 'lowers', past: 'lowered' };
const SET: Verb = { base: 'set', third: 'sets', past: 'set' };

const isOn = (value: Json): boolean => value === true || /^(enabled|true|on|active)$/i.test(String(value));
const isOff = (value: Json): boolean =>
  value === null || value === false || /^(disabled|false|off|suspended|none)$/i.test(String(value));
const named = (what: string) => (): string => what;

function opens(key: RegExp, what: string, more: Partial<Switch> = {}): Switch {
  return {
    ...{ kind: 'exposure', key, is: isOn, fromNothing: true, weight: 20, verb: TURN_ON },
    ...{ object: named(what), quality: `with ${what}` },
    ...more,
  };
}

function protects(key: RegExp, what: string, more: Partial<Switch> = {}): Switch {
  return {
    ...{ kind: 'data', key, is: isOff, fromNothing: false, weight: 50, verb: TURN_OFF, object: named(what) },
    ...more,
  };
}

/** By the documentation of the providers of AWS, Azure and Google. The first that fits is used. */
const SWITCHES: readonly Switch[] = [
  opens(/^publicly_accessible$/, 'public access'),
  opens(/^public_network_access(_enabled)?$/, 'public network access'),
  opens(/^endpoint_public_access$/, 'public access to the endpoint'),
  opens(/^(allow_blob_public_access|allow_nested_items_to_be_public)$/, 'public access to blobs'),
  opens(/^(associate_public_ip_address|map_public_ip_on_launch)$/, 'public IP addresses', { weight: 120 }),
  opens(/^ipv4_enabled$/, 'a public IP address', { types: /^google_sql_/, weight: 120 }),
  opens(
    /^(block_public_acls|block_public_policy|ignore_public_acls|restrict_public_buckets)$/,
    'the block of public access',
    {
      ...{ is: isOff, fromNothing: false, verb: TURN_OFF, weight: 10 },
    },
  ),
  opens(/^public_access_prevention$/, 'the block of public access', {
    ...{ is: (value) => value !== 'enforced', fromNothing: false, verb: TURN_OFF, weight: 10 },
  }),
  opens(/^acl$/, 'the ACL', {
    is: (value) => /^(public-|authenticated-read|publicRead|authenticatedRead)/.test(String(value)),
    ...{ verb: SET, object: (value) => `the ACL ${String(value)}`, quality: 'open to the world', weight: 0 },
  }),
  opens(/^container_access_type$/, 'public access', {
    is: (value) => value === 'blob' || value === 'container',
  }),
  opens(/^default_action$/, 'access from every network', {
    ...{ within: /network|firewall/, is: (value) => value === 'Allow' },
  }),
  opens(/^authorization_type$/, 'calls without authentication', {
    ...{ types: /^aws_lambda_function_url$/, is: (value) => value === 'NONE' },
  }),
  opens(/^internal$/, 'access from the internet', {
    ...{ types: /^aws_(lb|alb|elb)$/, is: isOff, fromNothing: false, weight: 120 },
  }),
  opens(/^disabled$/, 'its rule', { ...{ types: /firewall/, is: isOff, fromNothing: false, weight: 130 } }),
  opens(/^access$/, 'an Allow instead of a Deny', {
    ...{
      types: /security_(rule|group)$/,
      is: (value) => value === 'Allow',
      fromNothing: false,
      verb: SET,
      weight: 130,
    },
  }),
  protects(/^(storage_encrypted|encrypted|encryption_enabled|at_rest_encryption_enabled)$/, 'encryption'),
  protects(/^transit_encryption_enabled$/, 'encryption in transit'),
  protects(
    /^(deletion_protection(_enabled)?|disable_api_termination|enable_deletion_protection)$/,
    'deletion protection',
    {
      weight: 40,
    },
  ),
  protects(/^(purge_protection_enabled|soft_delete_enabled)$/, 'protection from purging', { weight: 45 }),
  protects(/^(enabled|status)$/, 'versioning', { within: /versioning/ }),
  protects(/^enabled$/, 'point-in-time recovery', { within: /point_in_time_recovery/ }),
  protects(/^(enable_logging|enable_log_file_validation|is_logging)$/, 'the audit log', {
    types: /cloudtrail/,
    weight: 30,
  }),
  protects(/^enable_key_rotation$/, 'key rotation', { weight: 70 }),
  protects(/^(skip_final_snapshot|force_destroy)$/, 'protection of the data at a delete', {
    ...{ is: isOn, fromNothing: true, weight: 70 },
  }),
];

const RETENTION =
  /^(backup_retention_period|backup_retention_days|retention_in_days|soft_delete_retention_days|\w*retention_(period|days|hours|seconds)|\w*retention_(in_)?(days|hours|seconds))$/;

/** The facts of attributes whose values alone tell: turned on, turned off, lowered. */
export function switchFacts(finding: Finding): readonly Fact[] {
  if (finding.action === 'create') {
    return (finding.contents ?? []).flatMap(({ path, value }) => {
      const found = find(finding.type, path);
      if (found === undefined || found.kind !== 'exposure' || !found.fromNothing) return [];
      return shown(value) && found.is(value) ? [factOf(found, value, 'apply')] : [];
    });
  }
  return finding.attributes.flatMap((attribute): readonly Fact[] => {
    const { path, recorded, actual, desired } = attribute;
    if (!shown(recorded) || !shown(actual) || !shown(desired)) return [];
    const lowered = [
      ...lowerFact(path, [recorded], actual, 'now'),
      ...lowerFact(path, [recorded, actual], desired, 'apply'),
    ];
    const found = find(finding.type, path);
    if (found === undefined) return lowered;
    const turned = (before: readonly Json[], after: Json): boolean =>
      found.is(after) && before.every((value) => !found.is(value) && (found.fromNothing || value !== null));
    return [
      ...(turned([recorded], actual) ? [factOf(found, actual, 'now')] : []),
      ...(turned([recorded, actual], desired) ? [factOf(found, desired, 'apply')] : []),
    ];
  });
}

/** A value that is known and no secret. */
function shown(value: ShownValue): value is Json {
  return typeof value !== 'object' || value === null;
}

function find(type: string, path: string): Switch | undefined {
  const segments = parsePath(path);
  const key = segments.findLast((segment) => typeof segment === 'string') ?? '';
  const before = `${type}.${path.slice(0, Math.max(0, path.lastIndexOf(key)))}`;
  return SWITCHES.find(
    (each) =>
      each.key.test(key) &&
      (each.types === undefined || each.types.test(type)) &&
      (each.within === undefined || each.within.test(before)),
  );
}

function factOf({ kind, verb, object, weight, quality }: Switch, value: Json, when: Fact['when']): Fact {
  return actFact(
    { kind, when, weight, widens: kind === 'exposure', ...(quality === undefined ? {} : { quality }) },
    verb,
    object(value),
    '',
    (name) => ` for ${name}`,
  );
}

/** How long data is kept, if the time became shorter. */
function lowerFact(path: string, before: readonly Json[], after: Json, when: Fact['when']): readonly Fact[] {
  const key = String(parsePath(path).findLast((segment) => typeof segment === 'string') ?? '');
  if (!RETENTION.test(key) || typeof after !== 'number') return [];
  // A log group with 0 keeps its events for ever. Everywhere else 0 keeps nothing.
  const length = (value: Json): number =>
    typeof value !== 'number'
      ? -1
      : value === 0 && key === 'retention_in_days'
        ? Number.POSITIVE_INFINITY
        : value;
  if (!before.every((value) => length(value) > length(after))) return [];
  const what = /backup/.test(key) ? 'backup retention' : 'retention';
  const base = { kind: 'data', when, weight: 60, widens: false } as const;
  return [actFact(base, LOWER, what, `${String(before.at(-1))} → ${after}`, (name) => ` for ${name}`)];
}

/** The removal of a resource that blocks public access. */
export function unblockFacts(finding: Finding): readonly Fact[] {
  if (!/^aws_s3_(bucket|account)_public_access_block$/.test(finding.type)) return [];
  const base = { kind: 'exposure', weight: 10, widens: true } as const;
  const where = (name: string): string => ` of ${name}`;
  const remove: Verb = { base: 'remove', third: 'removes', past: 'removed by hand' };
  if (finding.deletedByHand === true) {
    return [actFact({ ...base, when: 'now' }, remove, 'the block of public access', '', where)];
  }
  return finding.action === 'delete'
    ? [actFact({ ...base, when: 'apply' }, remove, 'the block of public access', '', where)]
    : [];
}
