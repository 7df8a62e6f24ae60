/** The keys and values that a policy's input document can have, for the lint. */

import { TRIGGERS } from '../model/run.ts';

/** The shape of a part of the input; null: unknown. */
export type Shape = ObjectShape | ListShape | MapShape | WordShape | TextShape | null;

/** An object with exactly these keys. `name` is the reference by which a policy reads it. */
export interface ObjectShape {
  readonly type: 'object';
  readonly name: string;
  readonly keys: Readonly<Record<string, Shape>>;
  /** True for a part of `data`; then a key that is missing is one that nothing defines. */
  readonly isData?: true;
}

/** A list, or a set of the policy's own, whose elements are also its keys. */
export interface ListShape {
  readonly type: 'list' | 'set';
  readonly name: string;
  readonly of: Shape;
}

/** An object with arbitrary keys. */
export interface MapShape {
  readonly type: 'map';
  readonly of: Shape;
}

/** A string with a few possible values. */
export interface WordShape {
  readonly type: 'word';
  readonly name: string;
  readonly words: readonly string[];
  /** Frequent mistakes, each with the text of its warning. */
  readonly wrong?: Readonly<Record<string, string>>;
  /** True where the words of other systems are fine beside one of m0's, as in `in {"deploy", "destroy"}`. */
  readonly othersBeside?: true;
}

/** A string with any value. `isAddress`: it is the address of a resource. */
export interface TextShape {
  readonly type: 'text';
  readonly name: string;
  readonly isAddress: boolean;
}

function object(name: string, known: Readonly<Record<string, Shape>>, others = ''): ObjectShape {
  const rest = Object.fromEntries(others.split(' ').flatMap((key) => (key === '' ? [] : [[key, null]])));
  return { type: 'object', name, keys: { ...rest, ...known } };
}

function list(name: string, of: Shape): ListShape {
  return { type: 'list', name, of };
}

function text(name: string, isAddress = false): TextShape {
  return { type: 'text', name, isAddress };
}

const ADDRESS = text('an address', true);
const MODE: Shape = { type: 'word', name: 'the mode of a resource', words: ['managed', 'data'] };

const DESTROY = 'says "delete"';

const ORIGIN: Shape = { type: 'word', name: 'an origin', words: ['cloud', 'code', 'both'] };
const KIND: Shape = { type: 'word', name: 'the kind of a change', words: ['added', 'removed', 'changed'] };
const ACTION: Shape = {
  type: 'word',
  name: "a finding's action",
  words: ['create', 'update', 'delete', 'replace', 'forget', 'none'],
  wrong: { destroy: `m0 never says the action "destroy", it ${DESTROY}` },
};

/** Terraform's actions in a plan. */
export const PLAN_ACTION: WordShape = {
  type: 'word',
  name: 'an action of a plan',
  words: ['no-op', 'create', 'read', 'update', 'delete', 'forget', 'open', 'renew', 'close'],
  wrong: {
    destroy: `Terraform never says the action "destroy", it ${DESTROY}`,
    replace: 'a plan never says "replace", it says "delete" and "create"',
  },
};

const CHANGE = object(
  'input.plan.resource_changes[_].change',
  { actions: list('input.plan.resource_changes[_].change.actions', PLAN_ACTION) },
  'before after after_unknown before_sensitive after_sensitive replace_paths importing generated_config before_identity after_identity',
);

function changes(key: string): Shape {
  const name = `input.plan.${key}`;
  const known = {
    ...{ change: CHANGE, address: ADDRESS, mode: MODE },
    ...{ type: text('the type of a resource'), name: text('the name of a resource') },
  };
  const others = 'previous_address module_address index provider_name deposed action_reason';
  return list(name, object(`${name}[_]`, known, others));
}

const PLAN = object(
  'input.plan',
  {
    resource_changes: changes('resource_changes'),
    resource_drift: changes('resource_drift'),
    output_changes: { type: 'map', of: CHANGE },
  },
  'format_version terraform_version variables planned_values proposed_unknown prior_state configuration relevant_attributes checks timestamp applyable complete errored deferred_changes deferred_action_invocations action_invocations',
);

const ATTRIBUTE = object(
  'input.m0.findings[_].attributes[_]',
  {
    origin: ORIGIN,
    kind: KIND,
    path: text('the path of an attribute'),
    json: list(
      'input.m0.findings[_].attributes[_].json',
      object('input.m0.findings[_].attributes[_].json[_]', { kind: KIND }, 'path recorded actual desired'),
    ),
  },
  'recorded actual desired sensitive leftInPlace inputs forcesReplacement orderOnly computed unsteady',
);

const CAUSE_EVENT = object(
  'input.m0.findings[_].cause.events[_]',
  {
    kind: { type: 'word', name: 'the kind of a principal', words: ['person', 'role', 'service'] },
    how: {
      type: 'word',
      name: 'what a request was sent with',
      words: ['console', 'cli', 'sdk', 'terraform', 'cloudformation', 'service', 'other'],
    },
  },
  'who person role event at',
);

const CAUSE = object(
  'input.m0.findings[_].cause',
  {
    status: { type: 'word', name: 'the status of a cause', words: ['pending', 'found', 'none'] },
    how: {
      type: 'word',
      name: 'how a cause was made',
      words: ['console', 'cli', 'sdk', 'terraform', 'cloudformation', 'service', 'other', 'commit'],
    },
    grade: {
      type: 'word',
      name: 'the grade of a cause',
      words: [
        ...['event names the attribute', 'event touched the resource', 'nothing found'],
        'commit touched the stack',
      ],
    },
    events: list('input.m0.findings[_].cause.events', CAUSE_EVENT),
  },
  'who at',
);

const FINDING = object(
  'input.m0.findings[_]',
  {
    address: ADDRESS,
    type: text('the type of a finding'),
    origin: ORIGIN,
    action: ACTION,
    cause: CAUSE,
    attributes: list('input.m0.findings[_].attributes', ATTRIBUTE),
    contents: list(
      'input.m0.findings[_].contents',
      object('input.m0.findings[_].contents[_]', {}, 'path value sensitive unsteady'),
    ),
    invokes: list(
      'input.m0.findings[_].invokes',
      object('input.m0.findings[_].invokes[_]', {}, 'address type triggeredBy event'),
    ),
  },
  'actionable previousAddress deletedByHand ignored leavesIgnored revertsIgnored follows actionReason importing',
);

const PLANNED_ACTION: WordShape = {
  ...PLAN_ACTION,
  name: 'an action of a planned change',
  words: [...PLAN_ACTION.words, 'invoke'],
};

const PLANNED = object(
  'input.m0.changes[_]',
  {
    address: ADDRESS,
    kind: {
      type: 'word',
      name: 'the kind of a planned change',
      words: ['resource', 'deposed', 'output', 'invocation'],
    },
    actions: list('input.m0.changes[_].actions', PLANNED_ACTION),
  },
  'deposed triggeredBy paths',
);

/** The words of env0's document that m0 fills with its own. */
function filled(name: string, words: readonly string[], wrong: Readonly<Record<string, string>>): WordShape {
  return { type: 'word', name, words, wrong, othersBeside: true };
}

const REQUEST = object(
  'input.deploymentRequest',
  {
    type: filled('input.deploymentRequest.type', ['deploy'], {
      destroy: 'm0 never destroys a stack, so input.deploymentRequest.type is always "deploy"',
    }),
    triggerName: filled('input.deploymentRequest.triggerName', TRIGGERS, {}),
  },
  'revision',
);

function user(name: string): ObjectShape {
  return object(name, {}, 'name email');
}

/** The whole `input`. */
export const INPUT: ObjectShape = object(
  'input',
  {
    plan: PLAN,
    deploymentRequest: REQUEST,
    template: object(
      'input.template',
      { type: filled('input.template.type', ['terraform', 'opentofu'], {}) },
      'name repository revision path',
    ),
    deployerUser: user('input.deployerUser'),
    approvers: list('input.approvers', user('input.approvers[_]')),
    m0: object(
      'input.m0',
      {
        author: user('input.m0.author'),
        authors: list('input.m0.authors', user('input.m0.authors[_]')),
        findings: list('input.m0.findings', FINDING),
        changes: list('input.m0.changes', PLANNED),
      },
      'drift stack environment workspace run now',
    ),
  },
  'policyData policyConfiguration',
);
