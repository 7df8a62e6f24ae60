/** Writes an m0.yaml, with comments for somebody who sees one for the first time. Pure. */
import { count } from '../text/words.ts';
import type { Entry, ListedStack } from './entries.ts';
import { environmentOf } from './entries.ts';

/** The channel that a written m0.yaml has until somebody fills it in. */
export const PLACEHOLDER_CHANNEL = 'C0000000000';

export interface Proposal {
  /** The repository's address as m0.yaml has it. */
  readonly address: string;
  readonly ref: string;
  readonly commit: string;
  readonly entries: readonly Entry[];
  readonly stacks: readonly ListedStack[];
  /** What people should know, one sentence each. */
  readonly notes: readonly string[];
}

/** The text as YAML, quoted where it could mean something else. */
function yaml(text: string): string {
  const plain = /^[A-Za-z/][A-Za-z0-9._/@:~+-]*$/.test(text) && !/:$/.test(text);
  return plain && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text) ? text : JSON.stringify(text);
}

const list = (texts: readonly string[]): string =>
  `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;

function settings(one: Pick<Entry, 'tool' | 'version'>): readonly string[] {
  return [
    ...(one.tool === 'terraform' ? [] : [`tool: ${one.tool}`]),
    ...(one.version === null ? [] : [`version: ${JSON.stringify(one.version)}`]),
  ];
}

function overrideText(override: Entry['overrides'][number]): string {
  const { match, tool, version, varFiles } = override;
  const parts = [
    `match: ${JSON.stringify(match)}`,
    ...(tool === undefined ? [] : [`tool: ${tool}`]),
    ...(version === undefined ? [] : [`version: ${JSON.stringify(version)}`]),
    ...(varFiles === undefined ? [] : [`varFiles: ${list(varFiles)}`]),
  ];
  return `    - { ${parts.join(', ')} }`;
}

function entryLines(entry: Entry, { address, ref }: Proposal): readonly string[] {
  const [first] = entry.takes;
  const example = first === undefined ? '' : `, for example ${first.path}`;
  return [
    `# ${count(entry.takes.length, 'root')}${example}`,
    `- source: { git: ${yaml(address)}, ref: ${yaml(ref)} }`,
    `  roots: ${list(entry.roots)}`,
    ...(entry.exclude.length === 0 ? [] : [`  exclude: ${list(entry.exclude)}`]),
    `  name: ${JSON.stringify(entry.name)}`,
    `  environment: ${JSON.stringify(entry.environment)}`,
    ...(entry.workspaces === null
      ? []
      : [`  # Check these: m0 took them from the names of var files, or from atlantis.yaml.`]),
    ...(entry.workspaces === null ? [] : [`  workspaces: ${list(entry.workspaces)}`]),
    ...(entry.varFiles.length === 0 ? [] : [`  varFiles: ${list(entry.varFiles)}`]),
    ...settings(entry).map((line) => `  ${line}`),
    ...(entry.overrides.length === 0 ? [] : ['  overrides:', ...entry.overrides.map(overrideText)]),
  ];
}

/** The items of `discover`, without indentation. */
export function discoverLines(proposal: Proposal): readonly string[] {
  return proposal.entries.flatMap((entry) => entryLines(entry, proposal));
}

/** The items of `stacks`, without indentation. */
export function stackLines({ stacks, address, ref }: Proposal): readonly string[] {
  return stacks.map((stack) => {
    const parts = [
      `name: ${yaml(stack.name)}`,
      `environment: ${yaml(stack.environment)}`,
      `source: { git: ${yaml(address)}, ref: ${yaml(ref)}, path: ${yaml(stack.path === '' ? '.' : stack.path)} }`,
      ...(stack.workspace === 'default' ? [] : [`workspace: ${yaml(stack.workspace)}`]),
      ...(stack.varFiles.length === 0 ? [] : [`varFiles: ${list(stack.varFiles)}`]),
      ...settings(stack),
      ...(stack.tool === 'terragrunt' && stack.runs !== 'terraform' ? [`runs: ${stack.runs}`] : []),
    ];
    return `- { ${parts.join(', ')} }`;
  });
}

/** How many stacks each environment has, in the order of the names. */
function environmentCounts({ entries, stacks }: Proposal): readonly (readonly [string, number])[] {
  const names = [
    ...entries.flatMap((entry) =>
      entry.takes.flatMap((root) => {
        if (entry.workspaces === null) return [environmentOf(root)];
        return entry.environment.includes('{')
          ? entry.workspaces
          : entry.workspaces.map(() => entry.environment);
      }),
    ),
    ...stacks.map((stack) => stack.environment),
  ];
  return [...Map.groupBy(names, (name) => name)]
    .map(([name, same]) => [name, same.length] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const under = (key: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', `${key}:`, ...lines.map((line) => `  ${line}`)];

/** A whole m0.yaml. It can be loaded as it is; what only people know is marked FILL IN. */
export function configText(proposal: Proposal): string {
  const { address, ref, commit } = proposal;
  const isPrivate = /^(https|ssh):|^[^/]+@[^/]+:/.test(address);
  return `${[
    `# What m0 watches, where it says so, and who may decide. Written by "m0 init" from`,
    `# ${address} (${ref}, ${commit.slice(0, 7)}). FILL IN marks what only you know.`,
    '# "m0 config check" finds mistakes, "m0 config check --reach" also tries all that is named here,',
    '# "m0 stacks" lists what is watched and why. All keys: docs/reference/configuration.md',
    ...proposal.notes.map((note) => `# NOTE ${note}`),
    '',
    'chat:',
    '  slack: { mode: socket }',
    '  # teams: {}                              # Microsoft Teams, beside Slack or alone: docs/how-to/teams.md',
    '',
    '# FILL IN who may decide. Nobody can approve anything before that; everybody in the channel may look.',
    'people: {}',
    '#   dana: { slack: U0DANA, email: dana@acme.dev }   # Slack: profile, "Copy member ID"',
    'groups: {}',
    '#   sre: [dana]',
    '',
    '# FILL IN which policies decide what m0 may revert by itself. Without one a person decides each time.',
    '# Copy the starter policies (policies/ beside m0) into a repository of yours.',
    'policies: {}',
    '#   known-safe-auto: { git: https://git.acme.dev/policies.git, path: known-safe-auto }',
    '#   network-human: { git: https://git.acme.dev/policies.git, path: network-human, mode: guardrail }',
    ...(isPrivate
      ? [
          '',
          '# FILL IN if the repository is private. Without an entry git uses what the user of m0 has set up.',
          '# credentials:',
          `#   - { for: ${JSON.stringify(address)}, token: "\${env:GIT_TOKEN}" }`,
        ]
      : []),
    '',
    'defaults:',
    '  timezone: UTC                            # FILL IN: as in Europe/Berlin',
    '  schedule: "0 */2 * * *"                  # minute hour day month weekday: every two hours',
    '  # FILL IN the channel, and invite m0 to it. Slack: channel details, "Copy channel ID"',
    `  channels: [slack:${PLACEHOLDER_CHANNEL}]`,
    '  # approvers: { from: [sre], need: 1, notTheAuthor: true }',
    '  # policies: [known-safe-auto, network-human]',
    '  # realign: ask                           # policy | ask (always a person) | never (only tell)',
    '',
    '# What the stacks of an environment share: env (credentials of the cloud), approvers, channels, schedule, policies.',
    'environments:',
    ...environmentCounts(proposal).map(
      ([name, stacks]) =>
        `  ${yaml(name)}: {}${' '.repeat(Math.max(1, 37 - yaml(name).length))}# ${count(stacks, 'stack')}`,
    ),
    '#   prod: { env: { AWS_PROFILE: prod }, approvers: { from: [sre], need: 2 } }',
    ...(proposal.entries.length === 0
      ? []
      : ['', '# m0 finds these stacks by itself, and new ones with each push.']),
    ...under('discover', discoverLines(proposal)).slice(1),
    ...(proposal.stacks.length === 0 ? [] : ['', '# These are written out one by one.']),
    ...under('stacks', stackLines(proposal)).slice(1),
    '',
    '# digests: [ { schedule: "0 9 * * 1-5", channels: [slack:C0OPS] } ]   # a summary each morning',
  ].join('\n')}\n`;
}
