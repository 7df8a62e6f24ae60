/** The editor's entry: one finding in, edited code out. */
import type { AttributeDrift, Finding, Json } from '../../drift/finding.ts';
import { field, hasUnknown, isObject } from '../../drift/json-value.ts';
import type { Resource } from '../../drift/resource.ts';
import { HIDDEN } from '../../drift/secrets.ts';
import { type Address, parseAddress } from './address.ts';
import { type Parsed, readCode } from './code.ts';
import { defaultTags } from './default-tags.ts';
import type { Draft, Task } from './draft.ts';
import type { EditAnswer, EditQuestion } from './edit-question.ts';
import { loadNativeParser } from './parse.ts';
import { keyCounts, planValues } from './plan-values.ts';
import { Refusal } from './refusals.ts';
import { dropInstance } from './remove-resource.ts';
import { findResource, hasBlock, resourceBodies } from './resource-block.ts';
import { restoreKey } from './restore-key.ts';
import type { World } from './scope.ts';
import { setBody } from './set-body.ts';
import { type Shape, settableInside, shapeOf } from './shape.ts';
import { spliced } from './splice.ts';
import { writeAnew } from './write-anew.ts';

export type { EditAnswer, EditQuestion } from './edit-question.ts';

/**
 * Edits the code so that an apply would leave the finding's resource as it is in the cloud now. All attributes of the
 * finding are edited, or none: then the answer says why. No byte outside the edited expressions and blocks changes.
 * Reads the new code again, and refuses where it does not say what was wanted. Never writes a secret.
 */
export async function editCode(question: EditQuestion): Promise<EditAnswer> {
  const parser = await loadNativeParser();
  try {
    const plan = planValues(question.document);
    const tofu = plan.tofu ?? [...question.files.keys()].some((path) => /\.tofu(\.json)?$/.test(path));
    const parsed: Parsed = new Map();
    const worldOf = (texts: ReadonlyMap<string, string>): World => ({
      code: readCode(texts, { parser, parsed, tofu }),
      plan,
      root: question.root,
      varFiles: question.varFiles,
      setOutside: new Set(question.setOutside),
    });
    const first = draftEdits(worldOf(question.files), question, 'edit');
    const { splices, edits } = first.draft;
    const files = spliced(question.files, splices);
    if (files.size === 0) throw nothingToEdit(question.finding);
    checkAgain(worldOf(new Map([...question.files, ...files])), question);
    return { type: 'edited', files, edits, ask: first.ask };
  } catch (error) {
    if (error instanceof Refusal)
      return { type: 'refused', reason: error.reason, why: aboutAddress(error.message, question.finding) };
    throw error;
  }
}

/** The new code must parse, and say what was wanted: then nothing is left to edit. */
function checkAgain(world: World, question: EditQuestion): void {
  const { finding } = question;
  const again = draftEdits(world, question, 'check');
  if (spliced(world.code.texts, again.draft.splices).size > 0) {
    throw new Refusal(
      'unreadable',
      `${finding.address}: the edited code does not say what the cloud has, so m0 does not use the edit`,
    );
  }
}

function nothingToEdit({ address, attributes }: Finding): Refusal {
  const order = attributes.length > 0 && attributes.every((one) => one.orderOnly);
  return new Refusal(
    'unsupported',
    order
      ? `${address}: only the order of elements differs, which m0 does not edit`
      : `${address}: the code already says what the cloud has, so there is nothing to put into it`,
  );
}

interface Drafted {
  readonly draft: Draft;
  readonly ask: string | null;
}

/** `check`: the code was edited, so what the plan had before is what the cloud has. */
function draftEdits(world: World, { finding, schema }: EditQuestion, mode: 'edit' | 'check'): Drafted {
  const draft: Draft = { world, splices: [], edits: [] };
  const address = parseAddress(finding.address);
  const resource = world.plan.resource(finding.address);
  if (address === null || resource === undefined)
    throw new Refusal('not-found', `${finding.address} is not in the plan`);
  if (finding.deletedByHand) {
    dropInstance(draft, address, mode);
    return { draft, ask: null };
  }
  if (isLeftOut(finding) && restoreKey(draft, address, finding)) return { draft, ask: null };
  const anew = finding.action === 'delete' && mode === 'edit';
  if (anew && writeAnew(draft, address, finding, resource, schema)) return { draft, ask: null };
  // The block that was written: the plan of it is the proof.
  if (finding.action === 'delete' && mode === 'check' && hasBlock(draft, address))
    return { draft, ask: null };
  checkKind(finding);
  const rows = finding.attributes.filter((row) => !row.computed && !(row.leftInPlace && !row.sensitive));
  for (const row of rows) checkSecret(row, finding);
  const shape = shapeOf(schema, address.type);
  const { desired, actual } = valuesOf(resource, finding, shape);
  const keys = [...new Set(rows.map(({ path }) => /^[^.[]+/.exec(path)?.[0] ?? path))];
  const place = findResource(draft, address);
  const split = defaultTags(draft, address, { desired, actual }, keys, mode);
  const task: Task = {
    ...taskFor(world, address, finding.address),
    before: mode === 'check' ? split.actual : split.desired,
    wanted: split.actual,
    shape,
  };
  for (const key of keys) {
    const moved: Task =
      mode === 'check' && field(task.before, key) === undefined
        ? { ...task, before: { ...asObject(task.before), [key]: null } }
        : task;
    const { body } = resourceBodies(place, key);
    setBody(draft, { body, frame: place.frame, own: new Set() }, moved, [key]);
  }
  return { draft, ask: split.ask };
}

function asObject(value: Json | undefined): { readonly [key: string]: Json } {
  return isObject(value) ? value : {};
}

function taskFor(world: World, address: Address, text: string): Omit<Task, 'before' | 'wanted'> {
  const instances = world.plan.instances(address);
  const counts = keyCounts(instances);
  return {
    equality: 'keys',
    shared: new Map(counts.flatMap((count, level) => (count > 1 ? [[level, count] as const] : []))),
    instances: instances.length,
    subject: text,
    address: text,
  };
}

/** The code does not want the resource any more. */
function isLeftOut({ action }: Finding): boolean {
  return action === 'delete' || action === 'forget';
}

function checkKind(finding: Finding): void {
  const { address, action, origin } = finding;
  const refuse = (why: string): Refusal => new Refusal('unsupported', `${address} ${why}`);
  if (action === 'create')
    throw refuse('is not in the cloud yet: the code creates it, so there is nothing to put into the code');
  if (isLeftOut(finding)) {
    throw refuse(
      "is an instance that the code makes no longer, and m0 can't tell how for_each, count or a removed block should make it again; bring it back from Git's history",
    );
  }
  if (action === 'none' && origin === 'cloud')
    throw refuse('is something that an apply leaves as it is, so there is nothing to put into the code');
}

/** A secret is never written, also where only a part of a text is one. */
function checkSecret(row: AttributeDrift, finding: Finding): void {
  const shown = JSON.stringify([row.path, row.actual, row.json?.map(({ actual }) => actual) ?? []]);
  if (row.sensitive || shown.includes(HIDDEN) || shown.includes('{"sensitive":true}'))
    throw new Refusal(
      'secret',
      `${row.path} of ${finding.address} is a secret, which m0 never writes into code`,
    );
}

function valuesOf(
  resource: Resource,
  finding: Finding,
  shape: Shape,
): { readonly desired: Json; readonly actual: Json } {
  const { desired, actual } = resource;
  if (!isObject(actual) || hasUnknown(actual))
    throw new Refusal('unreadable', `the plan does not tell what ${finding.address} is in the cloud`);
  return { desired: settableInside(desired, shape), actual: settableInside(actual, shape) };
}

/** The sentence, with the address in front where it does not say it. */
function aboutAddress(text: string, { address }: Finding): string {
  return text.includes(address) ? text : `${address}: ${text}`;
}
