/** Who may do what: policy documents, attached policies, members of roles, keys. */
import type { Finding, ShownValue } from '../finding.ts';
import { oneLine } from '../value-text.ts';
import { ALLOW, ATTACH, actFact, type Fact, GRANT, OPEN } from './fact.ts';
import { contentsOf, type Places, textIn, textsIn } from './places.ts';
import { actionWords, type Grant, grantWeight, principalWords, widening } from './policy-document.ts';
import { isIdentity } from './resource-kinds.ts';

type When = Fact['when'];

/** What the change allows beyond before, in the cloud by now and by an apply of the code. */
export function accessFacts(finding: Finding, places: Places): readonly Fact[] {
  return [...documentFacts(finding), ...attachmentFacts(finding, places), ...memberFacts(finding, places)];
}

function documentFacts(finding: Finding): readonly Fact[] {
  if (finding.action === 'create') {
    return (finding.contents ?? []).flatMap(({ path, value }) => wideningFacts(path, [], value, 'apply'));
  }
  return finding.attributes.flatMap(({ path, recorded, actual, desired }) => [
    ...wideningFacts(path, [recorded], actual, 'now'),
    ...wideningFacts(path, [recorded, actual], desired, 'apply'),
  ]);
}

function wideningFacts(
  path: string,
  before: readonly ShownValue[],
  after: ShownValue,
  when: When,
): readonly Fact[] {
  if (typeof after !== 'string' || before.includes(after)) return [];
  const wider = widening(before, after);
  if (wider === undefined || wider === null) return [];
  const trust = /assume_role_policy(_document)?$/.test(path);
  const { grants } = wider;
  const own = grants.filter((grant) => grant.principal === null);
  const others = grants.filter((grant) => grant.principal !== null);
  return [
    ...(own.length > 0 ? [identityFact(own, when)] : []),
    ...(others.length > 0 ? [trust ? trustFact(others, when) : sharedFact(others, when)] : []),
    ...(wider.undenied.length > 0 ? [undeniedFact(wider.undenied, when)] : []),
  ];
}

/** A policy of an identity allows more. */
function identityFact(grants: readonly Grant[], when: When): Fact {
  const what = actionWords(grants);
  const weight = grants.reduce(
    (least, grant) => Math.min(least, grantWeight(grant)),
    Number.POSITIVE_INFINITY,
  );
  return {
    ...{ kind: 'identity', when, weight, widens: true, quality: `that allows ${what}` },
    words: (name) =>
      when === 'now'
        ? `${name} now allows ${what}, outside of the code`
        : `applying the code would ${ALLOW.base} ${what} in ${name}`,
    effect: when === 'now' ? null : `${ALLOW.third} ${what}`,
  };
}

function principalWeight({ principal, condition }: Grant): number {
  if (principal === '*') return condition === '' ? 0 : 140;
  return isService(principal) ? 160 : 110;
}

function isService(principal: string | null): boolean {
  return principal !== null && /\.amazonaws\.com(\.cn)?$/.test(principal);
}

/** The worst principal, in words, and the number of the others. */
function whoWords(grants: readonly Grant[]): {
  readonly who: string;
  readonly worst: Grant;
  readonly weight: number;
} {
  const sorted = grants.toSorted((a, b) => principalWeight(a) - principalWeight(b));
  const worst = sorted[0] as Grant;
  // Everyone includes the others.
  const everyone = worst.principal === '*' && worst.condition === '';
  const more = everyone ? 0 : new Set(grants.map((grant) => grant.principal)).size - 1;
  const condition = worst.condition === '' ? '' : ' under a condition';
  const who = `${principalWords(worst.principal ?? '')}${more > 0 ? ` and ${more} more` : ''}${condition}`;
  return { who, worst, weight: principalWeight(worst) };
}

/** A trust policy lets somebody else assume the role. */
function trustFact(grants: readonly Grant[], when: When): Fact {
  const { who, weight } = whoWords(grants);
  return {
    ...{ kind: 'exposure', when, weight, widens: true, quality: `that ${who} may assume` },
    words: (name) =>
      when === 'now'
        ? `role ${name} can now be assumed by ${who}, outside of the code`
        : `applying the code would let ${who} assume role ${name}`,
    effect: when === 'now' ? null : `lets ${who} assume it`,
  };
}

/** The policy of a resource lets somebody in. A service of the provider is no exposure, but a right. */
function sharedFact(grants: readonly Grant[], when: When): Fact {
  const { who, worst, weight } = whoWords(grants);
  const actions = actionWords(grants.filter((grant) => grant.principal === worst.principal));
  const kind =
    isService(worst.principal) || (worst.principal === '*' && worst.condition !== '')
      ? 'identity'
      : 'exposure';
  const base = { kind, when, weight, widens: true, quality: `open to ${who}` } as const;
  return {
    ...base,
    words: (name) =>
      when === 'now'
        ? `${name} ${OPEN.past} to ${who} for ${actions}`
        : `applying the code would ${OPEN.base} ${name} to ${who} for ${actions}`,
    effect: when === 'now' ? null : `${OPEN.third} it to ${who} for ${actions}`,
  };
}

function undeniedFact(grants: readonly Grant[], when: When): Fact {
  const stop = { base: 'stop denying', third: 'stops denying', past: 'no longer denied' };
  const base = { kind: 'identity', when, weight: 90, widens: true } as const;
  return actFact(base, stop, actionWords(grants), '', (name) => ` by ${name}`);
}

const POLICY_ARN = /^arn:aws[^:]*:iam::[^:]*:policy\/(?:.*\/)?([^/]+)$/;

/** `AdministratorAccess` of its ARN. */
function policyName(arn: string): string {
  return oneLine(POLICY_ARN.exec(arn)?.[1] ?? arn);
}

/** Policies of AWS that allow nearly everything. */
const ADMIN = /^(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;

function attachFact(policy: string, to: string | null, when: When): Fact {
  const name = policyName(policy);
  const base = {
    kind: 'identity',
    when,
    weight: ADMIN.test(name) ? 0 : 70,
    widens: true,
    quality: `of ${name}`,
  } as const;
  const outside = when === 'now' ? ', outside of the code' : '';
  return actFact(base, ATTACH, name, '', (resource) => ` to ${to ?? `role ${resource}`}${outside}`);
}

function attachmentFacts(finding: Finding, places: Places): readonly Fact[] {
  const { type, action } = finding;
  if (/^aws_iam_(\w+_)?policy_attachment$/.test(type)) {
    if (action !== 'create' || finding.deletedByHand === true) return [];
    const values = contentsOf(finding);
    const target = (['role', 'user', 'group'] as const).flatMap((key) => {
      const text = textIn(values, key);
      return text === undefined ? [] : [`${key} ${oneLine(text)}`];
    });
    const policy = textIn(values, 'policy_arn');
    return policy === undefined ? [] : [attachFact(policy, target[0] ?? null, 'apply')];
  }
  if (action === 'create') {
    return textsIn(contentsOf(finding), 'managed_policy_arns').map((arn) => attachFact(arn, null, 'apply'));
  }
  const [recorded, actual, desired] = [places.recorded, places.actual, places.desired].map((place) =>
    textsIn(place, 'managed_policy_arns'),
  ) as [readonly string[], readonly string[], readonly string[]];
  return [
    ...actual.filter((arn) => !recorded.includes(arn)).map((arn) => attachFact(arn, null, 'now')),
    ...desired
      .filter((arn) => !recorded.includes(arn) && !actual.includes(arn))
      .map((arn) => attachFact(arn, null, 'apply')),
  ];
}

const EVERYBODY = /^(allUsers|allAuthenticatedUsers|principal(Set)?:\*)$/;
/** Roles of Google and Azure that may do nearly everything. */
const BROAD = /^(roles\/(owner|editor)|Owner|Contributor|User Access Administrator)$/;

function grantFact(role: string, who: string, when: When): Fact {
  const open = EVERYBODY.test(who) || who === '*';
  const base = {
    kind: open ? 'exposure' : 'identity',
    when,
    weight: open ? 0 : BROAD.test(role) ? 10 : 75,
    widens: true,
    ...(open ? { quality: `open to ${who}` } : {}),
  } as const;
  const outside = when === 'now' && !open ? ', outside of the code' : '';
  return actFact(base, GRANT, oneLine(role), `to ${oneLine(who)}`, (name) => ` on ${name}${outside}`);
}

/** Members of roles (Google), assignments of roles (Azure), and permissions of functions (AWS). */
function memberFacts(finding: Finding, places: Places): readonly Fact[] {
  const { type, action } = finding;
  if (!isIdentity(type)) return [];
  if (/^aws_iam_(user_)?group_membership$/.test(type)) return groupFacts(finding, places);
  const values = contentsOf(finding);
  const whoIn = (place: Places['actual']): readonly string[] =>
    ['member', 'members', 'principal', 'principal_id'].flatMap((key) => textsIn(place, key));
  const roleIn = (place: Places['actual']): string | undefined =>
    ['role', 'role_definition_name', 'action'].flatMap((key) => textIn(place, key) ?? [])[0];
  const role = roleIn(values) ?? roleIn(places.actual) ?? roleIn(places.desired) ?? 'the role';
  if (action === 'create') {
    return finding.deletedByHand === true || type.startsWith('aws_iam_')
      ? []
      : whoIn(values).map((who) => grantFact(role, who, 'apply'));
  }
  const [recorded, actual, desired] = [whoIn(places.recorded), whoIn(places.actual), whoIn(places.desired)];
  return [
    ...actual.filter((who) => !recorded.includes(who)).map((who) => grantFact(role, who, 'now')),
    ...desired
      .filter((who) => !recorded.includes(who) && !actual.includes(who))
      .map((who) => grantFact(role, who, 'apply')),
  ];
}

/** Users that become members of a group. */
function groupFacts(finding: Finding, { recorded, actual, desired }: Places): readonly Fact[] {
  const add = { base: 'add', third: 'adds', past: 'added' };
  const fact = (user: string, when: When): Fact =>
    actFact(
      { kind: 'identity', when, weight: 72, widens: true },
      add,
      `user ${oneLine(user)}`,
      '',
      (name) => {
        return ` to the group of ${name}${when === 'now' ? ', outside of the code' : ''}`;
      },
    );
  const wanted = finding.action === 'create' ? contentsOf(finding) : desired;
  const [before, now] = [textsIn(recorded, 'users'), textsIn(actual, 'users')];
  return [
    ...now.filter((user) => !before.includes(user)).map((user) => fact(user, 'now')),
    ...textsIn(wanted, 'users')
      .filter((user) => !before.includes(user) && !now.includes(user))
      .map((user) => fact(user, 'apply')),
  ];
}
