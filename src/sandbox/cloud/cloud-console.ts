/** The "cloud console" buttons of the sandbox page. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../../base/error-text.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { CloudConsole, CloudFact, ConsoleAction } from '../console.ts';
import type { CloudApi } from './cloud-api.ts';
import { HAND_CHANGES } from './hand-changes.ts';
import { commitAs, KIM, sampleGit } from './sample-git.ts';
import { CODE_CHANGES, SAMPLE } from './sample-infra.ts';

const MERGE: ConsoleAction = {
  id: 'merge-code',
  label: 'Merge a code change nobody applies',
  explain: "Commits the next sensible change to infra's main, as Kim, and leaves it at that.",
};

/** The state of the cloud right after the sandbox created it. */
const AS_BUILT = {
  tags: tagText(SAMPLE.tags),
  ingress: '443/tcp from 0.0.0.0/0',
  dnsHostnames: 'off',
};

/**
 * Actions of a person in a hurry, done for real: in the cloud through Amazon's SDK, in the code as a commit.
 * Repeating an action that is already in effect changes nothing and returns a sentence that says so.
 * `afterwards` is called after each change of the cloud.
 */
export function createCloudConsole(options: {
  readonly api: CloudApi;
  /** Work tree of the sample repository. */
  readonly infra: string;
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly afterwards: () => Promise<void>;
}): CloudConsole {
  const { api, infra } = options;
  const lock = createKeyedLock();
  const git = (): ReturnType<typeof sampleGit> => sampleGit(infra, options.base);

  async function mergeCode(): Promise<string> {
    const branch = await git().raw(['rev-parse', '--abbrev-ref', 'HEAD']);
    if (branch !== 'main') return `The repository ${infra} is on ${branch}, not on main: nothing was merged.`;
    for (const change of CODE_CHANGES) {
      const text = await readFile(join(infra, change.file), 'utf8').catch(() => '');
      const changed = change.edit(text);
      if (changed === null) continue;
      const files = { [change.file]: changed };
      const commit = await commitAs(infra, options.base, {
        author: KIM,
        at: options.now(),
        message: change.subject,
        files,
      });
      return `Kim merged "${change.subject}" into main (${commit.slice(0, 7)}); nobody applied it.`;
    }
    return 'The code no longer looks as the sandbox made it, so it has nothing to add.';
  }

  async function run(id: string): Promise<string> {
    if (id === MERGE.id) return mergeCode();
    const change = HAND_CHANGES.find((each) => each.id === id);
    if (change === undefined) throw new Error(`there is no action "${id}"`);
    const refusal = change.refusal(await api.observe());
    if (refusal !== null) return refusal;
    await change.make(api);
    await options.afterwards();
    return change.done;
  }

  return {
    actions: [
      ...HAND_CHANGES.filter((each) => each.id !== 'delete-bucket'),
      MERGE,
      ...HAND_CHANGES.filter((each) => each.id === 'delete-bucket'),
    ].map(({ id, label, explain }) => ({ id, label, explain })),

    run: (id) =>
      lock('console', async () => {
        try {
          return await run(id);
        } catch (cause) {
          throw new Error(`cloud console, ${id}: ${errorText(cause)}`, { cause });
        }
      }),

    async facts() {
      const cloud = await api.observe();
      const tags = cloud.tags === null ? 'not there' : tagText(cloud.tags);
      const ingress = cloud.ingress?.join(', ') ?? 'not there';
      const dns = cloud.dnsHostnames === null ? 'not there' : cloud.dnsHostnames ? 'on' : 'off';
      return [
        fact(`Bucket ${SAMPLE.bucket}, tags`, tags, AS_BUILT.tags),
        fact(`Security group ${SAMPLE.securityGroup}, lets in`, ingress, AS_BUILT.ingress),
        fact('VPC, DNS hostnames', dns, AS_BUILT.dnsHostnames),
        await codeFact(),
      ];
    },
  };

  async function codeFact(): Promise<CloudFact> {
    const format = ['%h', '%s', '%an'].join('%x00');
    const last = await git().raw(['log', '-1', `--format=${format}`, 'main', '--']);
    const [commit = '', subject = '', author = ''] = last.split('\0');
    const asBuilt = !CODE_CHANGES.some((change) => change.subject === subject);
    return { label: 'Code, infra main', value: `${commit} ${subject} (${author})`, asBuilt };
  }
}

function fact(label: string, value: string, asBuilt: string): CloudFact {
  return { label, value, asBuilt: value === asBuilt };
}

function tagText(tags: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? 'none' : sorted.map(([key, value]) => `${key}=${value}`).join(', ');
}
