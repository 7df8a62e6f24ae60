/** The rows of `m0 doctor` and `config check --reach` about the identities of stacks in their clouds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../base/error-text.ts';
import { tryAthena } from '../cause/athena.ts';
import { tryCloudTrail } from '../cause/cloudtrail.ts';
import { cloudsWithRoles, type ToolUse } from '../model/cloud-roles.ts';
import type { Stack } from '../model/directory.ts';
import { createCauseAccess, createCloudAccess } from '../roles/access.ts';
import { callerOf } from '../roles/aws.ts';
import type { Row } from '../setup/inspect.ts';

/** One identity, and the stacks whose tools get it. */
interface Identity {
  readonly cloud: 'aws' | 'azure' | 'google';
  readonly use: ToolUse;
  readonly name: string;
  readonly stacks: readonly Stack[];
}

const CLOUD_NAMES = { aws: 'AWS', azure: 'Azure', google: 'Google' } as const;
const SHORT_MS = 60_000;

/**
 * Proves each once: one row per role, application and service account. m0 assumes each role of AWS and asks AWS who it
 * then is. Of Azure and Google it only looks whether everything is there that the tool needs, and the row says so. With
 * each role under `causes` it asks the log once.
 */
export async function roleRows(stacks: readonly Stack[]): Promise<readonly Row[]> {
  return Promise.all([...identitiesOf(stacks).map(rowOf), ...causeRolesOf(stacks).map(causeRow)]);
}

/** The stacks of each role that reads who changed a cloud. */
function causeRolesOf(stacks: readonly Stack[]): readonly (readonly Stack[])[] {
  const asking = stacks.filter(({ causes }) => causes?.cloudtrail != null || causes?.athena != null);
  const groups = Map.groupBy(asking, ({ causes, env }) =>
    JSON.stringify([causes?.cloudtrail, causes?.athena, env.AWS_ACCESS_KEY_ID, env.AWS_PROFILE]),
  );
  return [...groups.values()];
}

/** m0 assumes the role and asks the log once: AWS says only then whether it may. */
async function causeRow(stacks: readonly Stack[]): Promise<Row> {
  const [stack] = stacks;
  if (stack === undefined) throw new Error('a role of no stack');
  const names = stacks.map((each) => each.name).join(', ');
  const what = 'AWS, causes';
  const access = createCauseAccess();
  try {
    const found =
      stack.causes?.athena == null
        ? await tryCloudTrail(stack, access)
        : await tryAthena(stack, { access, sleep: (ms) => sleep(ms) });
    return { what, state: 'ok', found: `${found} (${names})` };
  } catch (error) {
    return {
      ...{ what, state: 'missing', found: `${errorText(error)} (${names})` },
      todo: 'see docs/how-to/who-changed-the-cloud.md',
    };
  }
}

function identitiesOf(stacks: readonly Stack[]): readonly Identity[] {
  const all = stacks.flatMap((stack) =>
    cloudsWithRoles(stack).flatMap((cloud) =>
      (['plan', 'apply'] as const).flatMap((use) => {
        const name = nameOf(stack, cloud, use);
        return name === null ? [] : [{ cloud, use, name, stack }];
      }),
    ),
  );
  // The identity that assumes a role may differ from stack to stack.
  const groups = Map.groupBy(all, ({ cloud, use, name, stack }) =>
    JSON.stringify([cloud, use, name, stack[cloud], stack.env.AWS_ACCESS_KEY_ID, stack.env.AWS_PROFILE]),
  );
  return [...groups.values()].flatMap((group) =>
    group[0] === undefined ? [] : [{ ...group[0], stacks: group.map(({ stack }) => stack) }],
  );
}

function nameOf(stack: Stack, cloud: Identity['cloud'], use: ToolUse): string | null {
  const isApply = use === 'apply';
  switch (cloud) {
    case 'aws':
      return (isApply ? stack.aws?.applyRole : stack.aws?.planRole) ?? null;
    case 'azure':
      return (isApply ? stack.azure?.applyClientId : stack.azure?.planClientId) ?? null;
    case 'google':
      return (isApply ? stack.google?.applyServiceAccount : stack.google?.planServiceAccount) ?? null;
  }
}

async function rowOf({ cloud, use, name, stacks }: Identity): Promise<Row> {
  const what = `${CLOUD_NAMES[cloud]}, ${use}`;
  const [stack] = stacks;
  const names = stacks.map((each) => each.name).join(', ');
  if (stack === undefined) throw new Error(`an identity of no stack: ${name}`);
  const { aws, azure, google } = stack;
  const only = {
    ...(cloud === 'aws' && aws !== undefined ? { aws } : {}),
    ...(cloud === 'azure' && azure !== undefined ? { azure } : {}),
    ...(cloud === 'google' && google !== undefined ? { google } : {}),
  };
  const asked = { name: 'doctor', env: stack.env, ...only };
  try {
    const access = await createCloudAccess({ clock: Date.now }).open(asked, use, null, SHORT_MS);
    const found =
      cloud === 'aws'
        ? `m0 can be ${await callerOf(access, stack.env)}`
        : `${name}: its variables and files are complete; whether the cloud accepts them shows only in a plan`;
    return { what, state: 'ok', found: `${found} (${names})` };
  } catch (error) {
    const found = `${errorText(error)} (${names})`;
    return {
      what,
      state: 'missing',
      found,
      todo: `see ${cloud} in docs/how-to/roles-in-the-cloud.md`,
    };
  }
}
