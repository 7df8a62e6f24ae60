/** The pages of the sandbox's Git host. */
import { html } from 'hono/html';
import { diffView } from './diff-view.ts';
import { markdownView } from './markdown.ts';
import type { Member, Pull } from './pulls.ts';
import type { Commit } from './repository.ts';

type Html = ReturnType<typeof html> | string;

export interface PageParts {
  /** `acme/infra`. */
  readonly name: string;
  readonly zone: string;
  /** Address of the sandbox's chat page. */
  readonly chat: string;
  readonly members: readonly Member[];
}

export type PageResult = ReturnType<typeof html>;

const STATES = { open: 'Open', merged: 'Merged', closed: 'Closed' } as const;

function time({ zone }: PageParts, at: number): Html {
  const shown = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: zone });
  return html`<time datetime="${new Date(at).toISOString()}">${shown.format(at)}</time>`;
}

function frame(parts: PageParts, title: string, body: Html): PageResult {
  const { name, chat } = parts;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${name}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/forge.css">
</head>
<body>
<header class="top"><a class="brand" href="/">m0 <span>sandbox Git host</span></a><a class="back" href="${chat}">Back to the chat</a></header>
<main>${body}</main>
</body>
</html>`;
}

function badge(state: Pull['state']): Html {
  return html`<span class="badge ${state}">${STATES[state]}</span>`;
}

function pullRow(parts: PageParts, pull: Pull): Html {
  return html`<li><a class="row" href="/${parts.name}/pull/${pull.number}">${badge(pull.state)}<span class="what"><b>${pull.title}</b><small>#${pull.number} · ${time(parts, pull.createdAt)} · ${pull.head}</small></span></a></li>`;
}

function commitRow(parts: PageParts, commit: Commit): Html {
  return html`<li><a class="row" href="/${parts.name}/commit/${commit.sha}"><code>${commit.sha.slice(0, 7)}</code><span class="what"><b>${commit.subject}</b><small>${commit.author} · ${time(parts, commit.at)}</small></span></a></li>`;
}

/** The repository: its pull requests, newest first, and the newest commits. */
export function homePage(parts: PageParts, pulls: readonly Pull[], commits: readonly Commit[]): PageResult {
  const none = html`<p class="quiet">None yet. “Put into the code…” under a card in the chat makes one.</p>`;
  const list =
    pulls.length === 0
      ? none
      : html`<ul class="rows">${[...pulls].reverse().map((pull) => pullRow(parts, pull))}</ul>`;
  return frame(
    parts,
    'Pull requests',
    html`<h1>${parts.name}</h1>
<section class="card"><h2>Pull requests</h2>${list}</section>
<section class="card"><h2>Commits on main</h2><ul class="rows">${commits.map((commit) => commitRow(parts, commit))}</ul></section>`,
  );
}

function ending(parts: PageParts, pull: Pull): Html {
  if (pull.state === 'open') return '';
  const by = parts.members.find(({ login }) => login === pull.endedBy)?.name ?? pull.endedBy;
  const when = pull.endedAt === null ? '' : html` · ${time(parts, pull.endedAt)}`;
  const commit =
    pull.mergeCommit === null
      ? ''
      : html` · <a href="/${parts.name}/commit/${pull.mergeCommit}"><code>${pull.mergeCommit.slice(0, 7)}</code></a>`;
  return html`<section class="card ending ${pull.state}">${STATES[pull.state]}${by === null ? '' : html` by <b>${by}</b>`}${when}${commit}</section>`;
}

function acting(parts: PageParts, pull: Pull, problem: string | null): Html {
  if (pull.state !== 'open') return '';
  const people = parts.members.map(({ login, name }) => html`<option value="${login}">${name}</option>`);
  return html`<form class="card act" method="post" action="/${parts.name}/pull/${pull.number}">
${problem === null ? '' : html`<p class="problem" role="alert">${problem}</p>`}
<label>Act as <select name="as">${people}</select></label>
<button class="merge" name="act" value="merge">Merge</button>
<button class="close" name="act" value="close">Close</button>
<p class="quiet">Merging puts it into <code>${pull.base}</code>, in the repository on this machine.</p>
</form>`;
}

/** One pull request. `problem`: why what was asked for was not done. */
export function pullPage(
  parts: PageParts,
  pull: Pull,
  content: { readonly diff: string; readonly commits: readonly Commit[] },
  problem: string | null,
): PageResult {
  const asked = pull.reviewers.map((login) => parts.members.find((m) => m.login === login)?.name ?? login);
  return frame(
    parts,
    `${pull.title} #${pull.number}`,
    html`<p class="crumb"><a href="/">${parts.name}</a></p>
<h1>${pull.title} <span class="number">#${pull.number}</span></h1>
<p class="line">${badge(pull.state)} <span><b>m0</b> wants to merge <code>${pull.head}</code> into <code>${pull.base}</code> · ${time(parts, pull.createdAt)}</span></p>
${asked.length === 0 ? '' : html`<p class="line quiet">Asked for a review: ${asked.join(', ')}</p>`}
<article class="card body">${markdownView(pull.body)}</article>
${pull.comments.map((comment) => html`<article class="card body comment"><p class="quiet"><b>${comment.by}</b> · ${time(parts, comment.at)}</p>${markdownView(comment.body)}</article>`)}
${ending(parts, pull)}${acting(parts, pull, problem)}
<h2 class="over">Files changed</h2>${diffView(content.diff)}
<section class="card"><h2>Commits</h2><ul class="rows">${content.commits.map((commit) => commitRow(parts, commit))}</ul></section>`,
  );
}

export function commitPage(parts: PageParts, commit: Commit, diff: string): PageResult {
  return frame(
    parts,
    commit.subject,
    html`<p class="crumb"><a href="/">${parts.name}</a></p><h1>${commit.subject}</h1>
<p class="line"><code>${commit.sha.slice(0, 12)}</code> <span>${commit.author} · ${time(parts, commit.at)}</span></p>
<h2 class="over">Files changed</h2>${diffView(diff)}`,
  );
}

export function filePage(parts: PageParts, path: string, sha: string, text: string): PageResult {
  const lines = text.replace(/\n$/, '').split('\n');
  return frame(
    parts,
    path,
    html`<p class="crumb"><a href="/">${parts.name}</a> at <code>${sha.slice(0, 7)}</code></p><h1>${path}</h1>
<section class="file"><div class="scroll"><table class="diff"><tbody>${lines.map((line, i) => html`<tr id="L${i + 1}"><td class="no">${i + 1}</td><td class="code">${line}</td></tr>`)}</tbody></table></div></section>`,
  );
}

export function problemPage(parts: PageParts, problem: string): PageResult {
  return frame(parts, 'Not here', html`<h1>Not here</h1><p>${problem}</p>`);
}
