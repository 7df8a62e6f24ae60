/** The pull requests of the Git host. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Author } from '../cloud/sample-git.ts';
import type { HostedRepository } from './repository.ts';

export interface Comment {
  readonly by: string;
  readonly at: number;
  readonly body: string;
}

export interface Pull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  /** Branches: what is merged, and into what. */
  readonly head: string;
  readonly base: string;
  /** The commits of both; of one that is not open as they were at its end. */
  readonly headSha: string;
  readonly baseSha: string;
  readonly state: 'open' | 'closed' | 'merged';
  /** Login of whoever closed or merged it. */
  readonly endedBy: string | null;
  readonly mergeCommit: string | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly comments: readonly Comment[];
  readonly reviewers: readonly string[];
}

/** A request that GitHub would answer with this status. */
export class Refused extends Error {
  readonly status: 404 | 405 | 422;
  constructor(status: 404 | 405 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

/** Somebody of the organisation. */
export interface Member extends Author {
  readonly login: string;
}

type Change = Partial<Pick<Pull, 'title' | 'body' | 'reviewers' | 'comments'>>;

export interface Pulls {
  list(): Promise<readonly Pull[]>;
  /** Rejects with Refused where there is none. */
  get(number: number): Promise<Pull>;
  open(asked: Pick<Pull, 'title' | 'body' | 'head' | 'base'>): Promise<Pull>;
  change(number: number, change: (pull: Pull) => Change): Promise<Pull>;
  close(number: number, by: string): Promise<Pull>;
  merge(number: number, by: Member): Promise<Pull>;
}

export async function openPulls(options: {
  readonly file: string;
  readonly repository: HostedRepository;
  readonly now: () => number;
}): Promise<Pulls> {
  const { file, repository, now } = options;
  const lock = createKeyedLock();
  const text = await readFile(file, 'utf8').catch(() => '[]');
  let all = JSON.parse(text) as readonly Pull[];

  async function save(pull: Pull): Promise<Pull> {
    all = [...all.filter(({ number }) => number !== pull.number), pull].sort((a, b) => a.number - b.number);
    await writeFile(`${file}.new`, JSON.stringify(all, null, 2), { mode: 0o600 });
    await rename(`${file}.new`, file);
    return pull;
  }

  function find(number: number): Pull {
    const pull = all.find((each) => each.number === number);
    if (pull === undefined) throw new Refused(404, 'Not Found');
    return pull;
  }

  /** As its branches are now. One whose branch is gone is closed, and one whose commits are in the base is merged. */
  async function current(pull: Pull): Promise<Pull> {
    if (pull.state !== 'open') return pull;
    const [headSha, baseSha] = await Promise.all([
      repository.head(`refs/heads/${pull.head}`),
      repository.head(`refs/heads/${pull.base}`),
    ]);
    const ended = { endedBy: null, endedAt: now() };
    if (await repository.isMerged(headSha ?? pull.headSha, pull.base)) {
      return save({ ...pull, ...ended, state: 'merged', mergeCommit: baseSha });
    }
    if (headSha === null) return save({ ...pull, ...ended, state: 'closed' });
    if (headSha === pull.headSha && baseSha === pull.baseSha) return pull;
    await repository.keep(pull.number, headSha);
    return save({ ...pull, headSha, baseSha: baseSha ?? pull.baseSha });
  }

  const locked = <T>(work: () => Promise<T>): Promise<T> => lock('pulls', work);

  return {
    list: () => locked(() => Promise.all(all.map(current))),
    get: (number) => locked(() => current(find(number))),
    open: (asked) =>
      locked(async () => {
        const [headSha, baseSha] = await Promise.all([
          repository.head(`refs/heads/${asked.head}`),
          repository.head(`refs/heads/${asked.base}`),
        ]);
        if (headSha === null) throw new Refused(422, 'Validation Failed: head is invalid');
        if (baseSha === null) throw new Refused(422, 'Validation Failed: base is invalid');
        const known = await Promise.all(all.map(current));
        if (
          known.some(
            ({ state, head, base }) => state === 'open' && head === asked.head && base === asked.base,
          )
        ) {
          throw new Refused(422, `Validation Failed: A pull request already exists for acme:${asked.head}.`);
        }
        if (await repository.isMerged(headSha, asked.base)) {
          throw new Refused(422, `Validation Failed: No commits between ${asked.base} and ${asked.head}`);
        }
        const number = Math.max(0, ...all.map((pull) => pull.number)) + 1;
        await repository.keep(number, headSha);
        return save({
          ...{ number, ...asked, headSha, baseSha, state: 'open', endedBy: null, mergeCommit: null },
          ...{ createdAt: now(), endedAt: null, comments: [], reviewers: [] },
        });
      }),
    change: (number, change) =>
      locked(async () => {
        const pull = await current(find(number));
        return save({ ...pull, ...change(pull) });
      }),
    close: (number, by) =>
      locked(async () => {
        const pull = await current(find(number));
        if (pull.state !== 'open') return pull;
        return save({ ...pull, state: 'closed', endedBy: by, endedAt: now() });
      }),
    merge: (number, by) =>
      locked(async () => {
        const pull = await current(find(number));
        if (pull.state !== 'open') throw new Refused(405, `Pull request #${number} is ${pull.state}`);
        const message = `Merge pull request #${number} from acme/${pull.head}\n\n${pull.title}`;
        const mergeCommit = await repository
          .merge(pull.base, pull.headSha, message, by)
          .catch((error: Error) => {
            throw new Refused(405, error.message);
          });
        return save({ ...pull, state: 'merged', endedBy: by.login, mergeCommit, endedAt: now() });
      }),
  };
}
