/** Merge requests at GitLab. */
import { ForgeError, type Publication, type PullRequestState } from '../../ports/forge.ts';
import { inertMarkdown, inertTitle } from '../../text/inert-markdown.ts';
import { askToPush, forGit, lastPushed } from '../bare-branch.ts';
import { type ForgeParts, type HostAdapter, pageOf } from '../host.ts';
import { bodyWith, type NotAsked } from '../reviewers.ts';
import { type GitLabApi, openGitLab } from './api.ts';

interface MergeRequest {
  readonly iid: number;
  readonly web_url: string;
  readonly reviewers?: readonly { readonly id: number }[] | null;
}

async function openMergeRequest(
  { project, mergeRequests, ask }: GitLabApi,
  { base, branch }: Publication,
): Promise<MergeRequest | null> {
  const found = await ask(`looking for a merge request of ${branch}`, () =>
    mergeRequests.all({
      ...{ projectId: project, sourceBranch: branch, targetBranch: base, state: 'opened' },
      // One page: a branch has at most one that is open.
      ...{ perPage: 20, maxPages: 1 },
    }),
  );
  return found.find((one) => one.source_branch === branch && one.target_branch === base) ?? null;
}

interface Text {
  readonly title: string;
  readonly description: string;
  readonly reviewerIds?: number[];
}

/** Brings an open one to the new text, or opens one. */
async function open(
  api: GitLabApi,
  publication: Publication,
  reviewers: readonly number[],
): Promise<MergeRequest> {
  const { project, mergeRequests, ask } = api;
  const { base, branch, body } = publication;
  const title = inertTitle(publication.title);
  const text = (already: readonly number[]): Text => {
    const all = [...new Set([...already, ...reviewers])];
    return { title, description: body, ...(all.length === 0 ? {} : { reviewerIds: all }) };
  };
  const update = (known: MergeRequest): Promise<MergeRequest> =>
    ask(`writing the text of !${known.iid}`, () =>
      mergeRequests.edit(project, known.iid, text((known.reviewers ?? []).map(({ id }) => id))),
    );
  const known = await openMergeRequest(api, publication);
  if (known !== null) return update(known);
  try {
    return await ask(`opening a merge request of ${branch}`, () =>
      mergeRequests.create(project, branch, base, title, { ...text([]), removeSourceBranch: true }),
    );
  } catch (error) {
    // Another publication of the same branch may have been faster: 409.
    const other =
      error instanceof ForgeError && error.permanent ? await openMergeRequest(api, publication) : null;
    if (other === null) throw error;
    return update(other);
  }
}

interface Found {
  readonly ids: ReadonlyMap<number, string>;
  readonly notAsked: readonly NotAsked[];
}

/** The ids of the reviewers, by user name, or by e-mail where GitLab tells it. */
async function findReviewers(api: GitLabApi, reviewers: Publication['reviewers']): Promise<Found> {
  const ids = new Map<number, string>();
  const notAsked: NotAsked[] = [];
  for (const { gitlab, email } of reviewers) {
    const who = gitlab ?? email;
    if (who === null) continue;
    const found = await api
      .ask(`looking for ${who}`, () =>
        api.users.all({
          ...(gitlab === undefined ? { search: who } : { username: who }),
          perPage: 20,
          maxPages: 1,
        }),
      )
      .catch((error: unknown) => {
        if (error instanceof ForgeError && error.permanent) return [];
        throw error;
      });
    const [user, ...others] =
      gitlab === undefined ? found : found.filter((one) => one.username.toLowerCase() === who.toLowerCase());
    if (user === undefined || others.length > 0) notAsked.push({ who, why: 'GitLab knows no such user' });
    else ids.set(user.id, who);
  }
  return { ids, notAsked };
}

async function stateOf(
  { project, mergeRequests, ask }: GitLabApi,
  number: number | null,
): Promise<PullRequestState> {
  if (number === null) throw new ForgeError('it has no number', { permanent: true });
  const found = await ask(`looking at !${number}`, () => mergeRequests.show(project, number));
  switch (found.state) {
    case 'merged': {
      const commit = found.merge_commit_sha ?? found.squash_commit_sha;
      return { state: 'merged', by: found.merged_by?.username ?? null, commit };
    }
    case 'closed':
      return { state: 'closed', by: found.closed_by?.username ?? null };
    default:
      // `opened`, and `locked` while it is being merged.
      return { state: 'open' };
  }
}

/** Developer: the lowest level that may push branches and open merge requests. */
const DEVELOPER = 30;

/** Rejects if the project or the token does not allow merge requests. */
async function checkAccess({ project, projects, tokens, ask }: GitLabApi): Promise<void> {
  const refuse = (why: string): ForgeError => new ForgeError(why, { permanent: true });
  const found = await ask(`reading m0's access to ${project}`, () => projects.show(project));
  if (found.archived === true) throw refuse('the project is archived, so it is read-only');
  if (found.merge_requests_access_level === 'disabled') {
    throw refuse('merge requests are disabled in the settings of the project');
  }
  const { project_access: own, group_access: ofGroup } = found.permissions ?? {};
  const level = Math.max(own?.access_level ?? 0, ofGroup?.access_level ?? 0);
  if (level < DEVELOPER) {
    throw refuse(`the token has access level ${level} there, and m0 needs ${DEVELOPER} (the role Developer)`);
  }
  const token = await ask('reading the scopes of the token', () => tokens.show()).catch((error: unknown) => {
    // Tokens of another kind can't tell: what they may not do is refused when it is tried.
    if (error instanceof ForgeError && error.permanent) return null;
    throw error;
  });
  const scopes = token?.scopes ?? null;
  if (scopes !== null && !scopes.includes('api')) {
    throw refuse(`the token has the scopes ${scopes.join(', ')}, and merge requests need the scope api`);
  }
}

export function createGitLab(parts: ForgeParts): HostAdapter {
  return {
    async publish(repository, publication, signal) {
      const api = openGitLab(repository, parts.clock, signal);
      const { git, base, branch, body } = publication;
      const target = { address: repository.address, credential: forGit(repository), branch };
      await parts.pusher.push(publication.repository, publication.commit, target, signal);
      const { ids, notAsked: unknown } = await findReviewers(api, publication.reviewers);
      const opened = await open(api, publication, [...ids.keys()]);
      const taken = new Set((opened.reviewers ?? []).map(({ id }) => id));
      const refused = [...ids].filter(([id]) => !taken.has(id));
      const notAsked = [...unknown, ...refused.map(([, who]) => ({ who, why: 'GitLab refuses' }))];
      if (notAsked.length > 0) {
        const about = { branch, mergeRequest: opened.iid, notAsked };
        parts.log.warn(about, 'not everybody could be asked to review a merge request');
        await api.ask(`writing the text of !${opened.iid}`, () =>
          api.mergeRequests.edit(api.project, opened.iid, { description: bodyWith(body, notAsked) }),
        );
      }
      return {
        kind: 'gitlab',
        git,
        base,
        branch,
        number: opened.iid,
        url: pageOf(repository, opened.web_url),
      };
    },

    async state(repository, { number }, signal) {
      return stateOf(openGitLab(repository, parts.clock, signal), number);
    },

    async mayWrite(repository, base, signal) {
      const api = openGitLab(repository, parts.clock, signal);
      await checkAccess(api);
      await askToPush(parts, repository, base, forGit(repository), signal);
      return 'may push branches and open merge requests';
    },

    async close(repository, pullRequest, why, signal) {
      const api = openGitLab(repository, parts.clock, signal);
      const { number, git, branch } = pullRequest;
      const { state } = await stateOf(api, number);
      if (state === 'open' && number !== null) {
        await api.ask(`closing !${number}`, () => api.notes.create(api.project, number, inertMarkdown(why)));
        await api.ask(`closing !${number}`, () =>
          api.mergeRequests.edit(api.project, number, { stateEvent: 'close' }),
        );
      }
      const target = { address: repository.address, credential: forGit(repository), branch };
      await parts.pusher.remove(target, await lastPushed(parts, git, branch), signal);
    },
  };
}
