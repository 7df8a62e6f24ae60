/** Says what is wrong with a command line that a document shows. */
import { readFileSync } from 'node:fs';
import { CLI_COMMANDS, isCliCommand } from '../../src/cli/commands.ts';

const SCRIPTS = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  }
).scripts;
/** Programs that people have, and whose words are not ours to check. */
const OTHER_PROGRAMS = new Set([
  ...[
    'apt-get',
    'cat',
    'cd',
    'chmod',
    'chown',
    'cp',
    'curl',
    'docker',
    'echo',
    'git',
    'helm',
    'install',
    'kill',
    'kubectl',
    'ls',
  ],
  ...[
    'export',
    'mkdir',
    'openssl',
    'psql',
    'pg_dump',
    'rm',
    'sed',
    'ssh-keyscan',
    'systemctl',
    'terraform',
    'tofu',
  ],
]);

/** The words of one line of shell: quotes are taken away, what follows a `#` is left out. */
export function wordsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/(?:"(?:\\.|[^"])*"|'[^']*'|\\.|#(?!\s)|[^\s#"'\\])+|#.*/g)].map(
    ([word]) => word,
  );
  const comment = words.findIndex((word) => word.startsWith('#'));
  return (comment === -1 ? words : words.slice(0, comment)).map((word) => word.replaceAll(/["']/g, ''));
}

/** A way to type a command, read from its usage: `explain PLAN.json|- [--json] [--schema FILE]`. */
interface Way {
  readonly words: readonly string[];
  readonly least: number;
  readonly most: number;
  /** Option -> whether a value follows. */
  readonly options: ReadonlyMap<string, boolean>;
}

function wayOf(usage: string): Way {
  const options = new Map<string, boolean>();
  const rest = usage.replaceAll(/\[(--[a-z-]+)( [^\]]+)?\]/g, (_, option: string, value?: string) => {
    options.set(option, value !== undefined);
    return '';
  });
  // An option that must be there counts as one that may: the command itself refuses what is missing.
  const bare = rest.replaceAll(/(--[a-z-]+) ([^\s[]+)/g, (_, option: string) => {
    options.set(option, true);
    return '';
  });
  const parts = bare.split(/\s+/).filter((part) => part !== '');
  const words = parts.filter((part) => /^[a-z][a-z-]*$/.test(part));
  const places = parts.slice(words.length);
  const least = places.filter((place) => !place.startsWith('[')).length;
  return { words, least, most: places.length, options };
}

function fits({ words, least, most, options }: Way, typed: readonly string[]): boolean {
  if (words.some((word, i) => typed[i] !== word)) return false;
  let places = 0;
  for (let i = words.length; i < typed.length; i += 1) {
    const word = typed[i] ?? '';
    const name = word.replace(/=.*$/, '');
    if (!name.startsWith('--')) places += 1;
    else if (!options.has(name)) return false;
    else if (options.get(name) === true && name === word) i += 1;
  }
  return places >= least && places <= most;
}

/** What is wrong with the words behind `m0`; null: they can be typed. */
export function cliProblem(typed: readonly string[]): string | null {
  const [command = 'help'] = typed;
  if (!isCliCommand(command)) return `"${command}" is no command of m0`;
  const { usage } = CLI_COMMANDS[command];
  return usage.some((way) => fits(wayOf(way), typed))
    ? null
    : `${typed.join(' ')}: say ${usage.join(' or ')}`;
}

function npmProblem(words: readonly string[]): string | null {
  const [verb = '', ...rest] = words;
  if (['ci', 'install', 'rebuild'].includes(verb)) return null;
  if (verb === 'start' || verb === 'test') return null;
  if (verb !== 'run' && verb !== 'run-script') return `npm ${verb} is not what the documents use`;
  const [script = '', ...more] = rest.filter((word) => word !== '--silent');
  if (SCRIPTS[script] === undefined) return `package.json has no script ${script}`;
  return script === 'm0' ? cliProblem(more[0] === '--' ? more.slice(1) : more) : null;
}

function commandProblem(words: readonly string[]): string | null {
  const begin = words.findIndex((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
  if (begin === -1) return null;
  const [program = '', ...args] = words.slice(begin);
  if (program === 'npm') return npmProblem(args);
  if (program === 'node' && args[0] === 'src/main.ts') return cliProblem(args.slice(1));
  return OTHER_PROGRAMS.has(program) ? null : `${program} is a program that no document used before`;
}

/** The problems of a block of shell, each with its line. */
export function shellProblems(code: string): readonly string[] {
  const joined = code.replaceAll(/\\\n\s*/g, '').replaceAll(/<<'?(\w+)'?(.*)\n[\s\S]*?^\1$/gm, '$2');
  return joined.split('\n').flatMap((line) => {
    const commands: string[][] = [[]];
    let afterRedirect = false;
    for (const word of wordsOf(line)) {
      if (['|', '&&', ';', '||'].includes(word)) commands.push([]);
      else if (/^\d?>{1,2}$/.test(word)) afterRedirect = true;
      else if (afterRedirect) afterRedirect = false;
      else commands.at(-1)?.push(word);
    }
    return commands
      .filter((words) => words.length > 0)
      .map(commandProblem)
      .filter((problem) => problem !== null)
      .map((problem) => `${line.trim()}: ${problem}`);
  });
}
