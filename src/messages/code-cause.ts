/** The code's side of a cause: the other commits that are not applied, what they changed, and branches that may have been. */
import { blockAddress } from '../drift/alike.ts';
import { commitUrl } from '../model/links/forge.ts';
import { clip, count, durationText, listed, shortCommit } from '../text/words.ts';
import type { Block, Span } from './card.ts';
import { openNow } from './finding-status.ts';
import { pullRequestOfSpans } from './links.ts';
import { code, context, link, text } from './spans.ts';
import type { DriftView } from './view.ts';

/** The most other commits and branches told on a card; the longest subject and name in characters. */
const COMMITS = 2;
const BRANCHES = 3;
const SUBJECT = 60;
const NAME = 40;

/** `also 1c2d3e4 "raise retention" by Kim, 2 d ago · PR #12; and 3 more · changes module net and prod.tfvars`. */
export function otherCommits(view: DriftView): readonly Block[] {
  const inputs = view.code?.inputs;
  if (inputs === undefined) return [];
  const { newest, count: all } = inputs.commits ?? { newest: [], count: 0 };
  const others = newest.filter(({ commit }) => commit !== inputs.touched?.commit);
  const shown = others.slice(0, COMMITS);
  const more = all - (newest.length - others.length) - shown.length;
  const spans: Span[] = shown.flatMap((one, i) => [
    text(i === 0 ? 'Also ' : '; '),
    commitSpan(view, one.commit),
    text(` "${clip(one.subject, SUBJECT)}" by ${clip(one.author, NAME)}, `),
    text(`${durationText(Math.max(0, view.now - one.committedAt))} ago`),
    ...pullRequestOfSpans(one, view.links),
  ]);
  if (more > 0 && shown.length > 0) spans.push(text(`; and ${count(more, 'more commit')}`));
  const changed = changedWords(view);
  if (changed !== '') spans.push(text(`${spans.length === 0 ? 'Changed: ' : ' · changed: '}${changed}`));
  return spans.length === 0 ? [] : [context(...spans)];
}

function commitSpan({ links }: DriftView, commit: string): Span {
  const url = links?.code == null ? null : commitUrl(links.code, commit);
  return url === null ? code(shortCommit(commit)) : link(shortCommit(commit), url);
}

/** What the commits changed besides the stack's own files. */
function changedWords({ code: version }: DriftView): string {
  const { modules, providers, varFiles } = version?.inputs?.changed ?? {
    ...{ modules: [], providers: false, varFiles: [] },
  };
  return listed([
    ...modules.map((folder) => `module ${clip(folder, NAME)}`),
    ...varFiles.map((file) => clip(file, NAME)),
    ...(providers ? ['the versions of providers'] : []),
  ]);
}

/** `Applied from a branch? hotfix-ssh changes web and is not merged`: a hint, no cause. */
export function branchLines(view: DriftView): readonly Block[] {
  const branches = view.branches ?? {};
  const byBranch = new Map<string, Set<string>>();
  for (const { finding } of openNow(view)) {
    if (finding.origin === 'code') continue;
    const block = blockAddress(finding.address);
    for (const branch of Object.hasOwn(branches, block) ? (branches[block] ?? []) : []) {
      byBranch.set(branch, (byBranch.get(branch) ?? new Set()).add(block));
    }
  }
  return [...byBranch].slice(0, BRANCHES).map(([branch, blocks]) => {
    const names = [...blocks].slice(0, BRANCHES).map((block) => clip(block, NAME));
    return context(
      text('Applied from a branch? '),
      code(clip(branch, NAME)),
      text(` changes ${listed(names)} and is not merged`),
    );
  });
}
