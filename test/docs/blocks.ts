/** The generated parts of the reference pages: each by its name, as the markers in the pages call it. */
import { Registry } from 'prom-client';
import { createLogger } from '../../src/base/log.ts';
import { CLI_LIST, EXIT_CODES } from '../../src/cli/commands.ts';
import { COMMAND_NAMES, EFFECTS, GRAMMAR, usageOf } from '../../src/commands/grammar.ts';
import { VARIABLE_LIST } from '../../src/config/variables.ts';
import { createMeter } from '../../src/metrics/counters.ts';
import { watchEventLoop } from '../../src/metrics/event-loop.ts';
import { GAUGES } from '../../src/metrics/gauges.ts';
import { openServiceGauges } from '../../src/metrics/metrics.ts';
import { AUDIT_ACTIONS } from '../../src/model/audit-actions.ts';
import { configurationText } from './configuration-table.ts';
import { cell, tableOf } from './markdown.ts';

const code = (text: string): string => `\`${text}\``;

function environmentText(): string {
  const rows = VARIABLE_LIST.map(([name, { default: value, help, secret }]) => [
    code(name),
    value ?? '',
    `${cell(help)}${secret === true ? ' **Secret.**' : ''}`,
  ]);
  return tableOf(['variable', 'default', 'what'], rows);
}

function chatCommandsText(): string {
  const sections = COMMAND_NAMES.map((name) => {
    const { help, examples, effect, alsoCalled } = GRAMMAR[name];
    const lines = [
      `## \`${name}\``,
      `${help}.`,
      `\`\`\`m0\n${usageOf(name)}\n\`\`\``,
      EFFECTS[effect],
      examples.length === 1 && examples[0] === name ? null : `Examples: ${examples.map(code).join(', ')}.`,
      `People who type ${alsoCalled.map(code).join(', ')} get this command suggested.`,
    ];
    return lines.filter((line) => line !== null).join('\n\n');
  });
  return `${sections.join('\n\n')}\n`;
}

function commandLineText(): string {
  const sections = CLI_LIST.map(([name, { usage, help, exits }]) => {
    const rows = Object.entries(exits).map(([number, when]) => [number, cell(when)]);
    return `## \`${name}\`\n\n${help}.\n\n\`\`\`m0\n${usage.join('\n')}\n\`\`\`\n\n${tableOf(['exit code', 'when'], rows)}`;
  });
  return sections.join('\n');
}

function exitCodesText(): string {
  return tableOf(
    ['exit code', 'meaning'],
    Object.entries(EXIT_CODES).map(([number, meaning]) => [number, cell(meaning)]),
  );
}

function auditActionsText(): string {
  const by = { person: 'a person', policies: 'the policies', m0: 'm0' } as const;
  const rows = Object.entries(AUDIT_ACTIONS).map(([name, entry]) => [
    code(name),
    by[entry.by],
    cell(entry.help),
  ]);
  return tableOf(['`action`', 'by', 'what'], rows);
}

interface MetricEntry {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The metrics of m0 itself. Those of Node are documented where they are made. */
export function metricEntries(): readonly MetricEntry[] {
  const registry = new Registry();
  createMeter(registry, () => [], createLogger('silent'));
  watchEventLoop(registry);
  openServiceGauges(registry, ['version', 'node', 'terraform', 'tofu', 'opa']);
  // `labelNames` is missing in the types of prom-client.
  const own = registry.getMetricsAsArray().map((metric) => {
    const { name, help, type, labelNames } = metric as unknown as {
      readonly [key in 'name' | 'help' | 'type']: string;
    } & { readonly labelNames: readonly string[] };
    return { name, type, labels: labelNames, help };
  });
  return [...own, ...GAUGES.map(({ name, help, labels }) => ({ name, type: 'gauge', labels, help }))];
}

function metricsText(): string {
  const rows = [...metricEntries()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), cell(help)]);
  return tableOf(['metric', 'type', 'labels', 'meaning'], rows);
}

/** The generated parts by name. Each ends with a line break. */
export const BLOCKS: Readonly<Record<string, () => string>> = {
  configuration: configurationText,
  environment: environmentText,
  'chat-commands': chatCommandsText,
  'command-line': commandLineText,
  'exit-codes': exitCodesText,
  'audit-actions': auditActionsText,
  metrics: metricsText,
};
