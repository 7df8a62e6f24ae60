/** The identities that m0 gives to stacks' tools: sessions of AWS roles, workload identity, impersonation. */
import { readFile } from 'node:fs/promises';
import {
  type AzureIdentities,
  cloudsWithRoles,
  type GoogleAccounts,
  sessionName,
  type ToolUse,
} from '../model/cloud-roles.ts';
import type { Clock } from '../model/directory.ts';
import type { CauseAccess } from '../ports/cause.ts';
import type { CloudAccess, OpenAccess } from '../ports/cloud-access.ts';
import { assumeRole } from './aws.ts';

type AskedStack = Parameters<CloudAccess['open']>[0];

/**
 * Opens the identities of stacks. A session of AWS is used again within one run, as long as it lasts long enough for
 * the process that asks.
 */
export function createCloudAccess({ clock }: { readonly clock: Clock }): CloudAccess {
  /** The newest session of each stack and use. In memory only. */
  const sessions = new Map<string, { readonly question: string; readonly access: OpenAccess }>();

  async function aws(
    { name, env, aws: roles }: AskedStack,
    use: ToolUse,
    run: number | null,
    lastsMs: number,
  ): Promise<OpenAccess | null> {
    if (roles === undefined) return null;
    const role = use === 'apply' ? roles.applyRole : roles.planRole;
    if (role === null) throw nothingToApplyWith('aws.applyRole');
    const key = `${use} ${name}`;
    const question = JSON.stringify([role, run, roles]);
    const known = sessions.get(key);
    const isLongEnough = (known?.access.endsAt ?? 0) - clock() >= lastsMs;
    if (known?.question === question && isLongEnough) return known.access;
    const access = await assumeRole({ roles, role, session: sessionName(name, run), env });
    sessions.set(key, { question, access });
    return access;
  }

  return {
    async open(stack, use, run, lastsMs) {
      const opened = [
        await aws(stack, use, run, lastsMs),
        stack.azure === undefined ? null : await azure(stack.azure, use),
        stack.google === undefined ? null : await google(stack.google, use),
      ].filter((each) => each !== null);
      if (opened.length !== cloudsWithRoles(stack).length) throw new Error('a cloud was left out');
      const ends = opened.flatMap(({ endsAt }) => endsAt ?? []);
      return {
        env: Object.assign({}, ...opened.map(({ env }) => env)) as Record<string, string>,
        files: Object.assign({}, ...opened.map(({ files }) => files)) as Record<string, string>,
        secrets: opened.flatMap(({ secrets }) => secrets),
        endsAt: ends.length === 0 ? null : Math.min(...ends),
      };
    },
  };
}

/** The shortest session that AWS gives: a question takes seconds. */
const CAUSE_SESSION_MS = 15 * 60_000;
/** A session is used again while it lasts at least so long. */
const CAUSE_REST_MS = 2 * 60_000;

/** Opens sessions of the roles that read who changed a cloud. Nothing else gets them, least of all a tool. */
export function createCauseAccess(now: () => number = Date.now): CauseAccess {
  const sessions = new Map<string, OpenAccess>();
  return {
    async open({ name, env }, { role, externalId, webIdentityTokenFile }) {
      const key = JSON.stringify([role, externalId, env.AWS_ACCESS_KEY_ID, env.AWS_PROFILE]);
      const known = sessions.get(key);
      if (known !== undefined && (known.endsAt ?? 0) - now() >= CAUSE_REST_MS) return known;
      const roles = { planRole: role, applyRole: null, externalId, webIdentityTokenFile };
      const access = await assumeRole({
        ...{ roles: { ...roles, durationMs: CAUSE_SESSION_MS }, role, session: sessionName(name, null), env },
      });
      sessions.set(key, access);
      return access;
    },
  };
}

/** Workload identity: Microsoft Entra accepts the token in the file as proof that the tool is the application. */
async function azure(identities: AzureIdentities, use: ToolUse): Promise<OpenAccess> {
  const isApply = use === 'apply';
  const clientId = isApply ? identities.applyClientId : identities.planClientId;
  const tokenFile = isApply ? identities.applyTokenFile : identities.planTokenFile;
  if (clientId === null || tokenFile === null) throw nothingToApplyWith('azure.applyClientId');
  const { tenantId, subscriptionId } = identities;
  const token = await contentOf(tokenFile, `azure.${use}TokenFile`);
  return {
    env: {
      ARM_USE_OIDC: 'true',
      ARM_CLIENT_ID: clientId,
      ARM_TENANT_ID: tenantId,
      ...(subscriptionId === null ? {} : { ARM_SUBSCRIPTION_ID: subscriptionId }),
      // If the token were refused, the provider would go on with the identity of the machine.
      ARM_USE_MSI: 'false',
      ARM_USE_CLI: 'false',
    },
    files: { ARM_OIDC_TOKEN_FILE_PATH: tokenFile },
    secrets: [token],
    endsAt: null,
  };
}

async function google(accounts: GoogleAccounts, use: ToolUse): Promise<OpenAccess> {
  const isApply = use === 'apply';
  const account = isApply ? accounts.applyServiceAccount : accounts.planServiceAccount;
  const file = isApply ? accounts.applyCredentials : accounts.planCredentials;
  if (account === null || file === null) throw nothingToApplyWith('google.applyServiceAccount');
  const text = await contentOf(file, `google.${use}Credentials`);
  return {
    env: { GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: account },
    files: { GOOGLE_APPLICATION_CREDENTIALS: file },
    secrets: secretsOf(text),
    endsAt: null,
  };
}

/** The file's content, without line breaks around it. Rejects with an Error that says what to do. */
export async function contentOf(file: string, key: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new Error(`${key}: ${file} can't be read (${code}): make it, readable to m0`, { cause });
  }
  if (text === '') throw new Error(`${key}: ${file} is empty: it must hold what the cloud issued`);
  return text;
}

/** The file as a whole and the private parts of a key file of Google, which errors may quote alone. */
function secretsOf(text: string): readonly string[] {
  try {
    const { private_key, client_secret, refresh_token } = JSON.parse(text) as Record<string, unknown>;
    const values = [private_key, client_secret, refresh_token].filter((each) => typeof each === 'string');
    const lines = values.flatMap((value) => value.split('\n')).filter((line) => line.length >= 16);
    return [text, ...values, ...lines];
  } catch {
    return [text];
  }
}

function nothingToApplyWith(key: string): Error {
  return new Error(`${key} is not set in m0.yaml, so nothing is applied: set it`);
}
