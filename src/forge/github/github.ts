/** Pull requests at GitHub and GitHub Enterprise. */
import { errorText } from '../../base/error-text.ts';
import { ForgeError, type Publication, type PullRequestState } from '../../ports/forge.ts';
import { inertMarkdown, inertTitle } from '../../text/inert-markdown.ts';
import { askToPush, lastPushed } from '../bare-branch.ts';
import { type ForgeParts, type HostAdapter, pageOf } from '../host.ts';
import { bodyWith, type NotAsked } from '../reviewers.ts';
import { createGitHubApi, type GitHubApi } from './api.ts';

interface Pull {
  readonly number: number;
  readonly html_url: string;
  readonly user?: { readonly login: string } | null;
  readonly requested_reviewers?: readonly { readonly login: string }[] | null;
}

/** The open pull request of the branch; null if there is none. */
async function openPull(api: GitHubApi, { base, branch }: Publication): Promise<Pull | null> {
  const { owner, repo, octokit } = api;
  const { data } = await api.ask(`looking for a pull request of ${branch}`, (request) =>
    octokit.request('GET /repos/{owner}/{repo}/pulls', {
      ...{ owner, repo, base, state: 'open' },
      head: `${owner}:${branch}`,
      request,
    }),
  );
  // A host that ignores the filter must not make m0 write over the pull request of somebody else.
  return data.find((pull) => pull.head.ref === branch && pull.base.ref === base) ?? null;
}

/** Brings an open one to the new text, or opens one. */
async function open(api: GitHubApi, publication: Publication): Promise<Pull> {
  const { owner, repo, octokit } = api;
  const { base, branch, body } = publication;
  const title = inertTitle(publication.title);
  const known = await openPull(api, publication);
  if (known !== null) {
    await edit(api, known.number, { title, body });
    return known;
  }
  try {
    const { data } = await api.ask(`opening a pull request of ${branch}`, (request) =>
      octokit.request('POST /repos/{owner}/{repo}/pulls', {
        ...{ owner, repo, base, head: branch, title, body },
        maintainer_can_modify: true,
        request,
      }),
    );
    return data;
  } catch (error) {
    // Another publication of the same branch may have been faster: 422.
    const other = error instanceof ForgeError && error.permanent ? await openPull(api, publication) : null;
    if (other === null) throw error;
    await edit(api, other.number, { title, body });
    return other;
  }
}

async function edit(
  api: GitHubApi,
  number: number,
  text: { readonly title?: string; readonly body: string },
): Promise<void> {
  const { owner, repo, octokit } = api;
  await api.ask(`writing the text of #${number}`, (request) =>
    octokit.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...{ owner, repo, pull_number: number, ...text },
      request,
    }),
  );
}

/** Asks those who were not asked yet and gave no review. One at a time, because one who is refused refuses all. */
async function askForReviews(
  api: GitHubApi,
  pull: Pull,
  reviewers: Publication['reviewers'],
): Promise<readonly NotAsked[]> {
  const { owner, repo, octokit } = api;
  const notAsked: NotAsked[] = reviewers
    .filter(({ github }) => github === undefined)
    .map(({ email }) => ({ who: email ?? 'somebody', why: 'no name at GitHub is known' }));
  const logins = new Set(reviewers.flatMap(({ github }) => github ?? []));
  const asked = new Set((pull.requested_reviewers ?? []).map(({ login }) => login.toLowerCase()));
  const wanted = [...logins].filter((login) => !asked.has(login.toLowerCase()));
  if (wanted.length === 0) return notAsked;
  const at = { owner, repo, pull_number: pull.number };
  const { data: reviews } = await api.ask(`reading the reviews of #${pull.number}`, (request) =>
    octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews', { ...at, request }),
  );
  const given = new Set(reviews.map(({ user }) => user?.login.toLowerCase()));
  for (const login of wanted.filter((each) => !given.has(each.toLowerCase()))) {
    try {
      await api.ask(`asking ${login} for a review`, (request) =>
        octokit.request('POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers', {
          ...{ ...at, reviewers: [login] },
          request,
        }),
      );
    } catch (error) {
      // A limit or a host that is down is tried again with all else.
      if (!(error instanceof ForgeError) || !error.permanent) throw error;
      notAsked.push({ who: login, why: 'GitHub refuses' });
    }
  }
  return notAsked;
}

export function createGitHub(parts: ForgeParts): HostAdapter {
  const openApi = createGitHubApi(parts.clock);

  return {
    async publish(repository, publication, signal) {
      const api = await openApi(repository, signal);
      const { git, base, branch, body } = publication;
      const target = { address: repository.address, credential: api.pushCredential, branch };
      await parts.pusher.push(publication.repository, publication.commit, target, signal);
      const pull = await open(api, publication);
      const notAsked = await askForReviews(api, pull, publication.reviewers);
      if (notAsked.length > 0) {
        const about = { branch, pullRequest: pull.number, notAsked };
        parts.log.warn(about, 'not everybody could be asked to review a pull request');
        await edit(api, pull.number, { body: bodyWith(body, notAsked) });
      }
      const url = pageOf(repository, pull.html_url);
      return { kind: 'github', git, base, branch, number: pull.number, url };
    },

    async state(repository, { number }, signal): Promise<PullRequestState> {
      const api = await openApi(repository, signal);
      return stateOf(api, number, parts);
    },

    async mayWrite(repository, base, signal) {
      const api = await openApi(repository, signal);
      const { owner, repo, octokit, pushCredential } = api;
      const { data } = await api.ask(`reading m0's permissions on ${owner}/${repo}`, (request) =>
        octokit.request('GET /repos/{owner}/{repo}', { owner, repo, request }),
      );
      const permanent = { permanent: true };
      if (data.archived === true)
        throw new ForgeError('the repository is archived, so it is read-only', permanent);
      const isApp = repository.credential.kind === 'githubApp';
      // Of an app, GitHub tells nothing true here: its rights are those of the token that it was just given.
      if (!isApp && data.permissions?.push === false) {
        throw new ForgeError('the token may read the repository and not push to it', permanent);
      }
      await askToPush(parts, repository, base, pushCredential, signal);
      return isApp
        ? 'may push branches and open pull requests'
        : 'may push branches; GitHub does not tell whether the token may open pull requests';
    },

    async close(repository, pullRequest, why, signal) {
      const api = await openApi(repository, signal);
      const { owner, repo, octokit } = api;
      const { number, git, branch } = pullRequest;
      const { state } = await stateOf(api, number, parts);
      if (state === 'open' && number !== null) {
        await api.ask(`closing #${number}`, (request) =>
          octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
            ...{ owner, repo, issue_number: number, body: inertMarkdown(why) },
            request,
          }),
        );
        await api.ask(`closing #${number}`, (request) =>
          octokit.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
            ...{ owner, repo, pull_number: number, state: 'closed' },
            request,
          }),
        );
      }
      const target = { address: repository.address, credential: api.pushCredential, branch };
      await parts.pusher.remove(target, await lastPushed(parts, git, branch), signal);
    },
  };
}

async function stateOf(
  api: GitHubApi,
  number: number | null,
  { log }: Pick<ForgeParts, 'log'>,
): Promise<PullRequestState> {
  if (number === null) throw new ForgeError('it has no number', { permanent: true });
  const { owner, repo, octokit } = api;
  const { data: pull } = await api.ask(`looking at #${number}`, (request) =>
    octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...{ owner, repo, pull_number: number },
      request,
    }),
  );
  if (pull.merged) {
    return { state: 'merged', by: pull.merged_by?.login ?? null, commit: pull.merge_commit_sha };
  }
  if (pull.state !== 'closed') return { state: 'open' };
  const closedBy = await api
    .ask(`looking who closed #${number}`, (request) =>
      octokit.request('GET /repos/{owner}/{repo}/issues/{issue_number}', {
        ...{ owner, repo, issue_number: number },
        request,
      }),
    )
    .then(
      ({ data }) => data.closed_by?.login ?? null,
      (error: unknown) => {
        // That it is closed counts, also where the token may not see by whom.
        log.info({ pullRequest: number, why: errorText(error) }, 'who closed a pull request is not known');
        return null;
      },
    );
  return { state: 'closed', by: closedBy };
}
