/** A Git host and m0's own commits in memory, for the core's tests. */
import type { EditAnswer, editCode } from '../../src/codify/edit/edit-code.ts';
import type { CodeChanges, OwnEdit } from '../../src/ports/code-changes.ts';
import {
  type Forge,
  ForgeError,
  type Publication,
  type PullRequest,
  type PullRequestState,
} from '../../src/ports/forge.ts';

/** A pull request as the host has it. */
export interface HostedPullRequest {
  publication: Publication;
  readonly pullRequest: PullRequest;
  state: PullRequestState;
  /** How often it was published: the first time opens it. */
  published: number;
  closedBecause: string | null;
}

/** A host where m0 may write, unless `unwritable` says why not. One branch has one open pull request. */
export class FakeForge implements Forge {
  readonly hosted: HostedPullRequest[] = [];
  readonly edits: OwnEdit[] = [];
  /** The names of edits whose commits are needed no more. */
  readonly forgotten: string[] = [];
  /** What the editor was asked. */
  readonly questions: Parameters<typeof editCode>[0][] = [];
  /** False: the host is away before it has anything. */
  publishable = true;
  unwritable: string | null = null;
  /** What the editor says; by default it sets one value. */
  answer: EditAnswer = {
    type: 'edited',
    files: new Map([['envs/prod/network/main.tf', 'edited\n']]),
    edits: [{ file: 'envs/prod/network/main.tf', line: 41, says: 'adds the rule to web (main.tf:41)' }],
    ask: null,
  };
  /** What the patch is, by its lines of context; a sample one where left out. */
  readonly patches: Record<number, string> = {};
  /** Stacks whose code may read what was edited, by their folders. */
  readonly reading = new Set<string>();
  /** Stacks whose inputs can't be bounded, by their folders. */
  readonly unbounded = new Set<string>();
  readonly #scripts: { readonly doing: 'publish' | 'state' | 'close' | 'edit'; readonly act: () => void }[] =
    [];

  /** Runs `act` before the next call of this kind; it may throw. */
  next(doing: 'publish' | 'state' | 'close' | 'edit', act: () => void): void {
    this.#scripts.push({ doing, act });
  }

  #play(doing: 'publish' | 'state' | 'close' | 'edit'): void {
    const at = this.#scripts.findIndex((script) => script.doing === doing);
    if (at !== -1) this.#scripts.splice(at, 1)[0]?.act();
  }

  /** The commit that the edit with this number gets, from 1. */
  commit(n: number): string {
    return `ed17${String(n).padStart(36, '0')}`;
  }

  readonly code: CodeChanges = {
    texts: async () => new Map([['envs/prod/network/main.tf', 'before\n']]),
    commit: async (edit) => {
      // The same edit makes the same commit.
      const text = (of: OwnEdit): string =>
        JSON.stringify([of.base.commit, [...of.files], of.message, of.at]);
      let at = this.edits.findIndex((one) => text(one) === text(edit));
      if (at === -1) at = this.edits.push(edit) - 1;
      return { ...edit.base, commit: this.commit(at + 1), author: 'm0', authorEmail: 'm0@noreply.invalid' };
    },
    forget: async (_git, name) => void this.forgotten.push(name),
    patch: async (_git, _from, _to, context = 3) =>
      this.patches[context] ?? '--- a/main.tf\n+++ b/main.tf\n@@ -41 +41 @@\n-before\n+edited\n',
    reads: async (from, to, code) => {
      if (from === to) return 'no';
      if (this.unbounded.has(code.path)) return 'maybe';
      return this.reading.has(code.path) ? 'yes' : 'no';
    },
    keyOf: (git) => git,
    directory: () => '/mirror',
  };

  readonly edit: typeof editCode = async (question) => {
    this.questions.push(question);
    this.#play('edit');
    return this.answer;
  };

  refusal(): string | null {
    return this.unwritable;
  }

  async publish(publication: Publication): Promise<PullRequest> {
    if (!this.publishable) throw new ForgeError('the host is away');
    const { git, base, branch } = publication;
    const open = this.hosted.find((one) => one.pullRequest.branch === branch && one.state.state === 'open');
    if (open !== undefined) {
      open.publication = publication;
      open.published += 1;
      this.#play('publish');
      return open.pullRequest;
    }
    const number = 118 + this.hosted.length;
    const pullRequest: PullRequest = {
      ...{ kind: 'github', git, base, branch, number },
      url: `https://github.com/acme/infra/pull/${number}`,
    };
    this.hosted.push({
      publication,
      pullRequest,
      state: { state: 'open' },
      published: 1,
      closedBecause: null,
    });
    // A crash right after the host has it: the caller never learns of it.
    this.#play('publish');
    return pullRequest;
  }

  #find(pullRequest: PullRequest): HostedPullRequest {
    const found = this.hosted.find((one) => one.pullRequest.number === pullRequest.number);
    if (found === undefined) throw new Error(`the host has no pull request ${pullRequest.number}`);
    return found;
  }

  async state(pullRequest: PullRequest): Promise<PullRequestState> {
    this.#play('state');
    return this.#find(pullRequest).state;
  }

  async close(pullRequest: PullRequest, why: string): Promise<void> {
    this.#play('close');
    const found = this.#find(pullRequest);
    if (found.state.state !== 'open') return;
    found.state = { state: 'closed', by: 'm0' };
    found.closedBecause = why;
  }
}
