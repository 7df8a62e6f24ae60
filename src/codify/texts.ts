/** The texts of m0's commit and of its pull request. Pure. */
import { posix } from 'node:path';
import type { Finding } from '../drift/finding.ts';
import { editWords, plannedWords } from '../messages/codify-words.ts';
import { findingText } from '../messages/full-diff.ts';
import type { Codification, Edit } from '../model/codification.ts';
import type { Directory } from '../model/directory.ts';
import { emailIn } from '../people/email.ts';
import { inertCodeBlock, inertMarkdown } from '../text/inert-markdown.ts';
import { clip, count } from '../text/words.ts';

/** The longest title, in characters. */
const TITLE = 100;

/** One line: no text of a cloud, a repository or a person may begin a line of its own. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function shortly(edit: Edit): Edit {
  return { ...edit, says: edit.says.replace(edit.file, posix.basename(edit.file)) };
}

/** `prod-network: sets retention of logs (main.tf:41)`, without the folders of the files: the diff has them. */
export function titleOf(one: Pick<Codification, 'edits' | 'stack'>): string {
  return clip(oneLine(`${one.stack}: ${editWords({ edits: one.edits.map(shortly) })}`), TITLE);
}

/**
 * The message of m0's commit. Who asked is a co-author where m0.yaml has an e-mail address, so that `notTheAuthor`
 * counts that person.
 */
export function commitMessage(
  one: Pick<Codification, 'stack' | 'address' | 'by' | 'run'>,
  edits: readonly Edit[],
  directory: Pick<Directory, 'people'>,
): string {
  const email = emailIn(directory)(one.by);
  const name = oneLine(one.by.name).replace(/[<>]/g, '');
  return [
    titleOf({ edits, stack: one.stack }),
    '',
    `The cloud has it already: this makes the code say what ${oneLine(one.address)} is.`,
    `Proven by m0 with a plan of this commit, for run #${one.run} of ${oneLine(one.stack)}.`,
    '',
    `Asked-by: ${name}`,
    ...(email === null ? [] : [`Co-authored-by: ${name} <${oneLine(email)}>`]),
    '',
  ].join('\n');
}

/** The finding as a diff, with the signs at the beginning of their lines: both hosts color such lines alone. */
function diffOf(finding: Finding): string {
  return findingText(finding).replace(/^( +)([+-])(?= )/gm, '$2$1');
}

/**
 * What the pull request says, in Markdown. `cause`: who changed the cloud, as far as it is known. `chat`: the address of
 * the message in chat; null: there is none.
 */
export function bodyOf(
  one: Codification,
  finding: Finding | null,
  cause: string | null,
  chat: string | null,
): string {
  return [
    `${inertMarkdown(one.by.name)} asked to put into the code what ${inertMarkdown(one.address)} is in the cloud. Merging this changes nothing in the cloud.`,
    '',
    ...(finding === null
      ? []
      : ['**What happened in the cloud**', '', inertCodeBlock(diffOf(finding), 'diff'), '']),
    ...(cause === null ? [] : [`**Who changed the cloud**: ${inertMarkdown(cause)}`, '']),
    '**Proof**',
    '',
    `m0 planned this commit: ${inertMarkdown(plannedWords(one))}.`,
    '',
    ...one.proof.map(({ stack, before, after }) =>
      before === null
        ? `- ${inertMarkdown(stack)}: ${count(after, 'planned change')} with the edit`
        : `- ${inertMarkdown(stack)}: ${count(before, 'planned change')} without the edit, ${after} with it`,
    ),
    '',
    ...(chat === null ? [] : [`The question in chat: <${chat}>`, '']),
    `Run #${one.run} of m0. m0 closes this pull request if the drift ends.`.replace('#', '\\#'),
    '',
  ].join('\n');
}
