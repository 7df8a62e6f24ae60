/** The command `m0 stacks`: what m0 watches by m0.yaml and the repositories as they are now, and why. */

import { settingsOf } from '../actions/watched.ts';
import { errorText } from '../base/error-text.ts';
import { createLogger } from '../base/log.ts';
import { ConfigError } from '../config/config-error.ts';
import { loadConfigOf } from '../config/config-source.ts';
import type { Environment } from '../config/environment.ts';
import type { Survey } from '../discovery/survey.ts';
import { leftWords } from '../messages/left-words.ts';
import { settingsWords } from '../messages/stacks-card.ts';
import type { Stack } from '../model/directory.ts';
import { countLeft, type LeftRoot, type WatchedStack } from '../model/watching.ts';
import { isValidCron } from '../schedule/cron.ts';
import { visible } from '../text/inert.ts';
import { count } from '../text/words.ts';
import type { ExitCode } from './commands.ts';
import type { Io } from './config.ts';
import { look } from './look.ts';

const USAGE = 'stacks: say `stacks` or `stacks --json`\n';

const place = (place: Stack['channels'][number]): string =>
  `${place.platform}:${'channel' in place ? place.channel : place.user}`;

function stackJson(one: WatchedStack, stack: Stack | undefined): object {
  const { stack: name, ...from } = one;
  if (stack === undefined) return { name, ...from };
  return {
    ...{ name, environment: stack.environment, ...from },
    settings: {
      tool: stack.tool,
      version: stack.toolVersion,
      varFiles: stack.varFiles,
      // The names only, because values may be secret.
      env: Object.keys(stack.env).sort(),
      schedule: stack.schedule,
      timezone: stack.timezone,
      realign: stack.realign,
      policies: stack.policies.map((p) => p.name),
      channels: stack.channels.map(place),
      approvers: stack.approvers,
      ignore: stack.ignore,
      limits: stack.limits,
    },
  };
}

function json({ stacks, watching }: Survey): string {
  const byName = new Map(stacks.map((s) => [s.name, s]));
  const document = {
    formatVersion: 1,
    stacks: watching.stacks.map((one) => stackJson(one, byName.get(one.stack))),
    left: watching.left,
    problems: watching.problems,
    counts: { stacks: watching.stacks.length, ...countLeft(watching) },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const folder = (path: string): string => (path === '' ? '.' : path);

function stackLines(one: WatchedStack, stack: Stack | undefined): string {
  const workspace = one.workspace === 'default' ? '' : `, workspace ${one.workspace}`;
  const named = one.nameOfFolder === null ? '' : `; it moved: by its folder it would be ${one.nameOfFolder}`;
  const settings = stack === undefined ? [] : [stack.environment, ...settingsWords(settingsOf(stack))];
  return [
    `${one.stack}  ${folder(one.path)}${workspace} (${one.by}${named})`,
    `    ${settings.join(' · ')}`,
    ...one.notes.map((note) => `    ! ${note}`),
  ]
    .map(visible)
    .join('\n');
}

const leftLine = (root: LeftRoot): string => {
  const workspace =
    root.workspace === null || root.workspace === 'default' ? '' : ` in workspace ${root.workspace}`;
  return visible(`${root.status === 'excluded' ? '-' : '!'} ${folder(root.path)}${workspace}: ${root.why}`);
};

function text({ stacks, watching }: Survey, looks: boolean): string {
  const byName = new Map(stacks.map((s) => [s.name, s]));
  return [
    ...watching.stacks.map((one) => stackLines(one, byName.get(one.stack))),
    ...(watching.left.length === 0 ? [] : ['', 'Not watched:', ...watching.left.map(leftLine)]),
    ...watching.problems.map((problem) => visible(`! ${problem}`)),
    '',
    `${count(watching.stacks.length, 'stack')}${looks ? `, ${leftWords(countLeft(watching))}` : ''}`,
    '',
  ].join('\n');
}

/** True where something is not as m0.yaml means it: a root unwatched, a refused key, a glob that matches nothing. */
function hasProblem({ watching }: Survey): boolean {
  return (
    countLeft(watching).unwatched > 0 ||
    watching.problems.length > 0 ||
    watching.stacks.some((one) => one.notes.length > 0)
  );
}

/**
 * `stacks [--json]`. Only reads. Resolves with the exit code: 0; 1 if a root is not watched without a rule that says so,
 * or something else is not as m0.yaml means it; 2 if m0.yaml or a repository can't be read, or the command is wrong.
 */
export async function stacksCommand(
  args: readonly string[],
  io: Io,
  environment: Environment,
): Promise<ExitCode> {
  const [option, ...more] = args;
  if (more.length > 0 || (option !== undefined && option !== '--json')) {
    io.err(USAGE);
    return 2;
  }
  try {
    const from = environment.variables.M0_CWD ?? '.';
    const { config } = await loadConfigOf(environment, isValidCron, { log: createLogger('silent'), from });
    const found = await look(config, environment);
    io.out(option === '--json' ? json(found) : text(found, config.discover.length > 0));
    return hasProblem(found) ? 1 : 0;
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [errorText(error)];
    for (const problem of problems) io.err(`${problem}\n`);
    return 2;
  }
}
