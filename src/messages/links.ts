/** Links on cards: small, last in their line, and all built by src/model/links. */
import type { Reason } from '../decisions/decision.ts';
import { blockAddress } from '../drift/alike.ts';
import type { Finding } from '../drift/finding.ts';
import type { CommitInfo } from '../model/code-version.ts';
import { consoleUrl } from '../model/links/console.ts';
import { commitUrl, fileUrl, pullRequestNameOf, pullRequestOfCommit } from '../model/links/forge.ts';
import { codeName } from '../text/words.ts';
import type { Span } from './card.ts';
import { placeWords } from './reason-words.ts';
import { code, text } from './spans.ts';
import type { DriftView } from './view.ts';
import type { LinkFacts } from './view-links.ts';

type CodeOf = Pick<DriftView, 'code' | 'links'>;

/** A link, or null if there is no URL. */
function link(words: string, url: string | null): Span | null {
  return url === null ? null : { type: 'link', text: words, url };
}

/** `infra@9f8e7d6`, as a link to the commit where its page is known; empty without code. */
export function commitSpans({ code: version, links }: CodeOf): readonly Span[] {
  if (version === null) return [];
  const name = codeName(version);
  const forge = links?.code ?? null;
  return [link(name, forge === null ? null : commitUrl(forge, version.commit)) ?? code(name)];
}

/** ` · PR #123`, if the commit or the merge that brought it names a pull request; a link where its page is known. */
export function pullRequestSpans({ code: version, links }: CodeOf): readonly Span[] {
  return version === null ? [] : pullRequestOfSpans(version, links);
}

/** As `pullRequestSpans`, for any commit of the code. */
export function pullRequestOfSpans(
  commit: Pick<CommitInfo, 'subject' | 'merge'>,
  links: CodeOf['links'],
): readonly Span[] {
  const forge = links?.code ?? null;
  if (forge === null) {
    const name = pullRequestNameOf(commit);
    return name === null ? [] : [text(` · ${name}`)];
  }
  const found = pullRequestOfCommit(forge, commit);
  return found === null ? [] : [text(' · '), { type: 'link', text: found.name, url: found.url }];
}

/** `code` and `console`: where a resource is declared, and where its cloud shows it. `one`: it is no group of several. */
export function findingLinks(
  finding: Pick<Finding, 'address' | 'cloudId'>,
  { code: version, links }: CodeOf,
  one = true,
): readonly Span[] {
  const block = blockAddress(finding.address);
  const places = links?.places ?? {};
  const place = Object.hasOwn(places, block) ? places[block] : undefined;
  const forge = links?.code ?? null;
  const declared =
    place === undefined || forge === null || version === null ? null : fileUrl(forge, version.commit, place);
  const shown = one && finding.cloudId !== undefined ? consoleUrl(finding.cloudId) : null;
  return [link('code', declared), link('console', shown)].filter((span) => span !== null);
}

/** `network.rego:12`: the rule of a reason, where its page is known. */
export function ruleLink(reason: Reason, links: LinkFacts | undefined): Span | null {
  const { policy, commit, at } = reason;
  if (policy === null || commit === null || at === undefined || links === undefined) return null;
  const source = Object.hasOwn(links.policies, policy) ? links.policies[policy] : undefined;
  if (source === undefined) return null;
  const folder = source.folder.split('/').filter((step) => step !== '' && step !== '.');
  const file = [...folder, at.file].join('/');
  return link(placeWords(at), fileUrl(source.forge, commit, { file, line: at.line }));
}
