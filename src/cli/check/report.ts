/** The output of `m0 check` for a terminal. */
import { summarizeAnalysis } from '../../drift/summary.ts';
import { scrubUrl } from '../../git/address.ts';
import type { Stack } from '../../model/directory.ts';
import { listed } from '../../text/words.ts';
import { buttonsOf, buttonsText, cardText, type TextOptions, wordsText } from './card-text.ts';
import type { OwnFolder } from './own-folder.ts';
import type { Tried } from './try-stack.ts';

/** What was checked. `folder`: null for a stack of m0.yaml. */
export interface CheckedStack {
  readonly stack: Stack;
  readonly folder: Pick<OwnFolder, 'backend' | 'copy' | 'snapshot'> | null;
}

/** The widest output: a line of a very wide terminal is hard to read. */
const MOST_COLUMNS = 100;
const LEAST_COLUMNS = 40;
const TOOLS = { terraform: 'Terraform', tofu: 'OpenTofu' } as const;

/** Where the stack is and what decides about it. */
function aboutLines({ stack, folder }: CheckedStack, options: TextOptions): readonly string[] {
  const names = stack.policies.map(({ name }) => name);
  const tool = `${TOOLS[stack.tool]}${stack.toolVersion === null ? '' : ` ${stack.toolVersion}`}`;
  const what = [
    stack.terragrunt === true ? `Terragrunt with ${tool}` : tool,
    ...(stack.workspace === 'default' ? [] : [`workspace ${stack.workspace}`]),
    ...(stack.varFiles.length === 0 ? [] : [`var files ${listed(stack.varFiles)}`]),
    ...(folder === null || stack.terragrunt === true ? [] : [stateWords(folder.backend)]),
  ];
  const asked =
    folder === null ? listed(names) : `${listed(names)} (starter policies, as there is no m0.yaml)`;
  const rows = [
    ['Stack', `${stack.name} (${stack.environment})`],
    ['Code', folder === null ? `${scrubUrl(stack.source.git)} ${stack.source.path}` : codeWords(folder)],
    ['Tool', what.join(', ')],
    ['Policy', names.length === 0 ? 'no policy, so a person decides' : asked],
  ] as const;
  return rows.flatMap(([label, words]) => {
    const lines = wordsText(words, { ...options, width: options.width - LABEL }, 'dim').split('\n');
    return lines.map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL)}${line}`);
  });
}

const LABEL = 7;

function stateWords({ type, isLocal }: OwnFolder['backend']): string {
  if (isLocal) return 'state in a file';
  return type === 'cloud' ? 'state in HCP Terraform' : `state in ${type}`;
}

function codeWords({ copy, snapshot }: NonNullable<CheckedStack['folder']>): string {
  const place = copy.path === '' ? copy.top : `${copy.top}, ${copy.path}`;
  if (copy.gitDir === null) return `${place} (no Git repository, so only this folder was read)`;
  return snapshot.changed ? `${place} (with what is not committed)` : place;
}

/** What a person should know before trusting the result. */
function notes({ stack, folder }: CheckedStack, { run, plan }: Tried): readonly string[] {
  if (plan === null) {
    const backend = folder !== null && /\bbackend\b/i.test(run.failure?.message ?? '');
    return backend
      ? [
          'If the backend gets settings on the command line, run `init` with them in the folder first: m0 takes them from there.',
        ]
      : [];
  }
  // Terragrunt writes the backend, so only the plan tells where the state is.
  const isLocal = stack.terragrunt === true ? run.stateOnlyHere === true : folder?.backend.isLocal === true;
  return [
    ...(folder !== null && isLocal
      ? [
          'The state is a file beside the code, and a copy of it was read. m0 itself plans code from Git, where that file is not: give the code a backend before m0 watches it.',
        ]
      : []),
    ...(folder === null && run.stateOnlyHere === true
      ? [
          'The code has no remote backend. The m0 that runs keeps the state in its own data folder, which a try does not read: so all of it looks new here.',
        ]
      : []),
  ];
}

function nothingWords({ run, plan }: Tried, name: string): string {
  const exempt = run.state === 'quiet' && run.findings.some((finding) => finding.actionable);
  if (exempt) return 'All that drifted is snoozed or accepted, so m0 would post nothing.';
  const summary = plan === null ? '' : (summarizeAnalysis(plan.analysis, name)[0] ?? '');
  const unsure = run.unsure == null ? '' : ` But ${run.unsure}.`;
  return `${summary}.${unsure} m0 would post nothing.`;
}

/** All of it, with its last line break. */
export function report(
  checked: CheckedStack,
  tried: Tried,
  terminal: Pick<TextOptions, 'width' | 'color'>,
): string {
  const width = Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, terminal.width));
  const options = { width, color: terminal.color };
  const { stack, folder } = checked;
  const { cards, run } = tried;
  const rule = wordsText('─'.repeat(width), options, 'dim');
  const channels =
    folder === null
      ? stack.channels.map((place) => ('channel' in place ? `${place.platform}:${place.channel}` : ''))
      : [];
  const to = channels.length === 0 ? '' : ` to ${listed(channels)}`;
  const buttons = cards.flatMap(buttonsOf);
  const lines = [
    ...aboutLines(checked, options),
    '',
    ...(cards.length === 0
      ? [wordsText(`✓ ${nothingWords(tried, stack.name)}`, options, 'green')]
      : [
          wordsText(`What m0 would post${to}:`, options),
          ...cards.flatMap((card) => [rule, cardText(card, options)]),
          rule,
        ]),
    ...(run.state === 'approved'
      ? ['', wordsText('The policies allow it: m0 would plan again and apply this by itself.', options)]
      : []),
    ...(buttons.length === 0
      ? []
      : [
          '',
          wordsText(
            `What its ${buttons.length === 1 ? 'button' : `${buttons.length} buttons`} would do:`,
            options,
          ),
          buttonsText(buttons, options),
        ]),
    ...notes(checked, tried).flatMap((note) => ['', wordsText(`Note: ${note}`, options, 'yellow')]),
    '',
    wordsText('Nothing was stored, locked or applied.', options, 'dim'),
  ];
  return `${lines.join('\n')}\n`;
}
