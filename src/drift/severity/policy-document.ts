/** Policy documents of AWS (IAM): what they allow, in words, and what a change of them allows beyond before. */
import { canonical, parseDocument } from '../canonical.ts';
import type { Json, ShownValue } from '../finding.ts';
import { isArray, isObject, type JsonObject } from '../json-value.ts';
import { oneLine } from '../value-text.ts';

/** One thing that a policy allows. `condition`: canonical text of the condition; empty if there is none. */
export interface Grant {
  /** Null in a policy that belongs to an identity. `*`: everybody. */
  readonly principal: string | null;
  readonly action: string;
  readonly resource: string;
  readonly condition: string;
}

/** The most single grants that are compared; a bigger document counts as changed, without a direction. */
const MOST = 1000;

/** The statements of a policy document; undefined if the value is none. */
export function statementsOf(value: ShownValue | undefined): readonly JsonObject[] | undefined {
  if (typeof value !== 'string' || !value.includes('"Statement"')) return undefined;
  const document = parseDocument(value);
  if (!isObject(document)) return undefined;
  const { Statement: statements } = document;
  if (isObject(statements)) return [statements];
  return isArray(statements) ? statements.filter((statement) => isObject(statement)) : undefined;
}

function texts(value: Json | undefined): readonly string[] {
  const items = isArray(value) ? value : [value];
  return items.flatMap((item) => (typeof item === 'string' ? [item] : []));
}

/** Who the statement is about; `[null]` if it belongs to an identity. */
function principalsOf(statement: JsonObject): readonly (string | null)[] {
  const { Principal: principal, NotPrincipal: except } = statement;
  if (except !== undefined) return ['*'];
  if (principal === undefined) return [null];
  if (!isObject(principal)) return texts(principal);
  return Object.values(principal).flatMap((value) => texts(value));
}

function actionsOf(statement: JsonObject): readonly string[] {
  const except = texts(statement.NotAction);
  return except.length > 0 ? [`everything but ${except.join(', ')}`] : texts(statement.Action);
}

function resourcesOf(statement: JsonObject): readonly string[] {
  const except = texts(statement.NotResource);
  if (except.length > 0) return [`everything but ${except.join(', ')}`];
  const resources = texts(statement.Resource);
  // A trust policy has none: it is about the role itself.
  return resources.length > 0 ? resources : ['*'];
}

function conditionOf(statement: JsonObject): string {
  const { Condition: condition } = statement;
  return isObject(condition) && Object.keys(condition).length > 0 ? canonical(condition, 'iam') : '';
}

const allows = (statement: JsonObject): boolean => statement.Effect === 'Allow';
const denies = (statement: JsonObject): boolean => statement.Effect === 'Deny';

/** Everything that the statements say, one by one; null if it is too much to compare. */
function grantsOf(statements: readonly JsonObject[]): readonly Grant[] | null {
  const grants: Grant[] = [];
  for (const statement of statements) {
    const [principals, actions, resources] = [
      principalsOf(statement),
      actionsOf(statement),
      resourcesOf(statement),
    ];
    if (grants.length + principals.length * actions.length * resources.length > MOST) return null;
    const condition = conditionOf(statement);
    for (const principal of principals) {
      for (const action of actions) {
        for (const resource of resources) grants.push({ principal, action, resource, condition });
      }
    }
  }
  return grants;
}

/** True if the pattern, with `*` and `?`, matches everything that `text` stands for. */
function matches(pattern: string, text: string): boolean {
  if (pattern === '*' || pattern === text) return true;
  if (!/[*?]/.test(pattern)) return false;
  // Greedy matching with one step back: a pattern comes from a cloud and must not take exponential time.
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    const c = pattern[p];
    // `?` does not stand for a `*` of the text, which stands for many characters.
    if (c !== '*' && (c === text[t] || (c === '?' && text[t] !== '*'))) {
      p += 1;
      t += 1;
    } else if (c === '*') {
      star = p;
      mark = t;
      p += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else return false;
  }
  return [...pattern.slice(p)].every((c) => c === '*');
}

function covers(old: Grant, grant: Grant): boolean {
  return (
    (old.principal === grant.principal || old.principal === '*') &&
    (old.condition === '' || old.condition === grant.condition) &&
    // Actions are not case-sensitive.
    matches(old.action.toLowerCase(), grant.action.toLowerCase()) &&
    matches(old.resource, grant.resource)
  );
}

/** What a document allows beyond another one. */
export interface Widening {
  readonly grants: readonly Grant[];
  /** What was denied before and is no longer. */
  readonly undenied: readonly Grant[];
}

/**
 * What the document `after` allows that none of `before` does. Undefined if `after` is no policy document; null if
 * the documents are too big to be compared.
 */
export function widening(
  before: readonly (ShownValue | undefined)[],
  after: ShownValue | undefined,
): Widening | null | undefined {
  const statements = statementsOf(after);
  if (statements === undefined) return undefined;
  const old = before.flatMap((value) => statementsOf(value) ?? []);
  const [had, has] = [grantsOf(old.filter(allows)), grantsOf(statements.filter(allows))];
  const [denied, stillDenied] = [grantsOf(old.filter(denies)), grantsOf(statements.filter(denies))];
  if (had === null || has === null || denied === null || stillDenied === null) return null;
  return {
    grants: has.filter((grant) => !had.some((each) => covers(each, grant))),
    undenied: denied.filter((grant) => !stillDenied.some((each) => covers(each, grant))),
  };
}

const WILDCARD = /[*]|everything but/;

/** How dangerous a grant is: everything, then wildcards, then the rest. Lower is worse. */
export function grantWeight({ action, resource }: Grant): number {
  if (action === '*' || action === '*:*') return resource === '*' ? 0 : 10;
  if (WILDCARD.test(action)) return resource === '*' ? 20 : 30;
  return resource === '*' ? 60 : 80;
}

/** `everything (*:*)`, `s3:* on everything`, `s3:GetObject and 2 more`. */
export function actionWords(grants: readonly Grant[]): string {
  const sorted = grants.toSorted((a, b) => grantWeight(a) - grantWeight(b));
  const [worst] = sorted;
  if (worst === undefined) return 'nothing';
  if (grantWeight(worst) === 0) return 'everything (*:*)';
  const actions = [...new Set(sorted.map((grant) => grant.action))];
  const [first = ''] = actions;
  const named = first === '*' ? 'everything' : oneLine(first);
  return actions.length === 1 ? named : `${named} and ${actions.length - 1} more`;
}

/** The name of a principal as people write it: `everyone`, `account 999999999999`, `ec2.amazonaws.com`. */
export function principalWords(principal: string): string {
  if (principal === '*') return 'everyone (*)';
  const account = /^(?:arn:aws[^:]*:iam::)?(\d{12})(?::root)?$/.exec(principal)?.[1];
  return account === undefined ? oneLine(principal) : `account ${account}`;
}

/** The longest list of actions or resources in a summary. */
const NAMED = 3;

function some(items: readonly string[]): string {
  const shown = items.slice(0, NAMED).map((item) => oneLine(item));
  return items.length > NAMED ? `${shown.join(', ')} and ${items.length - NAMED} more` : shown.join(', ');
}

/**
 * One line for each statement of a policy document: `allows everything (*:*)`, `lets everyone (*) s3:GetObject on
 * arn:aws:s3:::docs/*`, `denies s3:DeleteObject on *`. Undefined if the value is no policy document.
 */
export function policySummary(value: ShownValue): readonly string[] | undefined {
  return statementsOf(value)?.map((statement) => {
    const [actions, resources] = [actionsOf(statement), resourcesOf(statement)];
    const who = principalsOf(statement).flatMap((principal) => principal ?? []);
    const everything = actions.some((action) => action === '*' || action === '*:*');
    const what =
      everything && resources.includes('*')
        ? 'everything (*:*)'
        : `${everything ? 'everything' : some(actions)}${statement.Resource === undefined && statement.NotResource === undefined ? '' : ` on ${some(resources)}`}`;
    const condition = conditionOf(statement) === '' ? '' : ', with a condition';
    const people = who.length === 0 ? '' : ` ${some(who.map(principalWords))}`;
    const verb = allows(statement) ? (who.length === 0 ? 'allows' : 'lets') : 'denies';
    return `${verb}${people} ${what}${condition}`;
  });
}
