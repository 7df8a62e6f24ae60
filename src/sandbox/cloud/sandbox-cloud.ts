/** Starts the local cloud with the sample stack, and restores it after a restart. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Logger } from '../../base/log.ts';
import type { CloudConsole } from '../console.ts';
import { PEOPLE } from '../sample-organisation.ts';
import { type CloudApi, createCloudApi, LOCAL_CREDENTIALS } from './cloud-api.ts';
import { createCloudConsole } from './cloud-console.ts';
import { ACCOUNT, createEventLog, type IdentityOf } from './event-log.ts';
import { HAND_CHANGES } from './hand-changes.ts';
import { startMoto } from './moto.ts';
import { provisionCloud, type SandboxTools } from './provision.ts';
import { startRecordingProxy } from './recording-proxy.ts';
import { SAMPLE } from './sample-infra.ts';
import { createSampleRepos, type SampleRepos } from './sample-repos.ts';

/** The local cloud with the sample stack, and its repositories. */
export interface SandboxCloud {
  readonly motoUrl: string;
  readonly repos: SampleRepos;
  /** Environment of a stack in this cloud. */
  readonly stackEnv: Readonly<Record<string, string>>;
  readonly console: CloudConsole;
  /**
   * Resolves when the sample stack exists, including the manual changes that were in effect before the last
   * stop.
   */
  readonly ready: Promise<void>;
  /**
   * Stores the state of the cloud, so that the next start restores it. Called after each realign and before
   * the end. `appliedCommit` is the commit that was applied completely; null where that did not change.
   */
  snapshot(appliedCommit: string | null): Promise<void>;
  close(): Promise<void>;
}

export interface SandboxCloudOptions {
  /** The sandbox's own directory, which holds everything. */
  readonly dir: string;
  readonly tools: SandboxTools;
  /** Port of the local AWS on loopback. If it is taken, another one is used; 0 means any free port. */
  readonly port: number;
  readonly log: Logger;
  readonly base: Readonly<Record<string, string | undefined>>;
  /** Current time in ms since epoch. */
  readonly now: () => number;
  readonly onProgress: (text: string) => void;
  /** Directory of the policies that are copied into the sample's policy repository. */
  readonly policiesFrom: string;
}

/** The stored state: the cloud itself is only in memory. */
interface StoredState {
  readonly appliedCommit: string | null;
  readonly handChanges: readonly string[];
}

/** Environment of a stack that lives in the local AWS at the address. */
export function localAwsEnv(motoUrl: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: motoUrl,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_REGION: SAMPLE.region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/**
 * Starts the local AWS, creates the sample repositories, and then creates the sample stack in the background
 * (see `ready`): at the newest commit the first time, later at the commit that was applied last, with the
 * manual changes that were in effect.
 */
export async function startSandboxCloud(options: SandboxCloudOptions): Promise<SandboxCloud> {
  const { base, log, onProgress } = options;
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const repos = await createSampleRepos({
    dir,
    policiesFrom: options.policiesFrom,
    base,
    now: options.now(),
  });
  onProgress('starting the local AWS');
  const moto = await startMoto({ motoServer: options.tools.motoServer, port: 0, log, base });
  const proxy = await startRecordingProxy({
    ...{ target: moto.url, port: options.port, log: createEventLog(identityOf, options.now) },
  });
  const api = createCloudApi(proxy.url);
  const memory = createMemory(join(dir, 'cloud.json'), api);
  const stopping = new AbortController();
  let provisioned = false;

  const stackEnv = localAwsEnv(proxy.url);

  async function rebuild(): Promise<void> {
    const stored = await memory.read();
    const commit = await provisionCloud({
      dir,
      infra: repos.infra,
      commit: stored.appliedCommit,
      api,
      tools: options.tools,
      stackEnv,
      base,
      log,
      signal: stopping.signal,
      onProgress,
    });
    for (const change of HAND_CHANGES.filter((each) => stored.handChanges.includes(each.id))) {
      onProgress(`as before: ${change.label.toLowerCase()}`);
      await change.make(api);
    }
    provisioned = true;
    await memory.snapshot(commit);
  }

  // While the stack is being created, the cloud must not be stored as one in which somebody deleted
  // everything.
  const snapshot = async (appliedCommit: string | null): Promise<void> => {
    if (provisioned) await memory.snapshot(appliedCommit);
  };
  const ready = rebuild();
  // Callers of `ready` get the error; without one, a rejection must not end the process.
  ready.catch(() => {});

  return {
    motoUrl: proxy.url,
    repos,
    stackEnv,
    console: createCloudConsole({
      api,
      infra: repos.infra,
      base,
      now: options.now,
      afterwards: () => snapshot(null),
    }),
    ready,
    snapshot,
    async close() {
      stopping.abort();
      await ready.catch(() => {});
      api.close();
      await proxy.close();
      await moto.close();
    },
  };
}

/** Who does the changes by hand: Eve, who may not approve. */
const BY_HAND = PEOPLE.find(({ name }) => name === 'eve')?.email ?? 'eve@acme.dev';

/** The key of the stack's environment is the user of the tools; every other one is Eve, signed in by IAM Identity Center. */
const identityOf: IdentityOf = (accessKeyId) => {
  if (accessKeyId === LOCAL_CREDENTIALS.accessKeyId) {
    const arn = `arn:aws:iam::${ACCOUNT}:user/terraform`;
    const userIdentity = { type: 'IAMUser', arn, accountId: ACCOUNT, accessKeyId, userName: 'terraform' };
    return { userIdentity, userName: 'terraform', userAgent: null };
  }
  const role = 'AWSReservedSSO_Engineer_0123456789abcdef';
  return {
    userName: BY_HAND,
    userAgent: 'console.amazonaws.com',
    userIdentity: {
      ...{ type: 'AssumedRole', accountId: ACCOUNT, principalId: `AROASANDBOX:${BY_HAND}` },
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${BY_HAND}`,
      sessionContext: {
        sessionIssuer: {
          ...{ type: 'Role', userName: role, accountId: ACCOUNT },
          arn: `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/${role}`,
        },
      },
    },
  };
};

function createMemory(file: string, api: CloudApi) {
  const lock = createKeyedLock();

  async function read(): Promise<StoredState> {
    const text = await readFile(file, 'utf8').catch(() => '{}');
    let value: Partial<StoredState> = {};
    try {
      value = JSON.parse(text) as Partial<StoredState>;
    } catch {
      // The file is written atomically, so this is no file of ours: start with a fresh cloud.
    }
    return { appliedCommit: value.appliedCommit ?? null, handChanges: value.handChanges ?? [] };
  }

  return {
    read,
    async snapshot(appliedCommit: string | null): Promise<void> {
      await lock('memory', async () => {
        const cloud = await api.observe();
        const handChanges = HAND_CHANGES.filter((change) => change.inEffect(cloud)).map(
          (change) => change.id,
        );
        const state = { appliedCommit: appliedCommit ?? (await read()).appliedCommit, handChanges };
        await writeFile(`${file}.part`, `${JSON.stringify(state, null, 2)}\n`);
        await rename(`${file}.part`, file);
      });
    },
  };
}
