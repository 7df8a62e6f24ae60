/** The commands of the command line and their exit codes: the one list that `help`, `main.ts` and the reference use. */

/** What each exit code means for every command. */
export const EXIT_CODES = {
  0: 'fine',
  1: 'a finding or a refusal: the command worked, and something needs a person',
  2: 'wrong use, or an input that cannot be read: one line on standard error says what, where and what to do',
  130: 'a second signal ended m0 at once',
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

interface CliEntry {
  /** How to type it, one line for each way. */
  readonly usage: readonly string[];
  /** One line. */
  readonly help: string;
  /** When it exits with what. */
  readonly exits: Readonly<Partial<Record<ExitCode, string>>>;
}

export const CLI_COMMANDS = {
  serve: {
    usage: ['serve [--roles bot,scheduler,worker]'],
    help: 'starts m0, as `npm start` does; without an m0.yaml it starts the sandbox',
    exits: {
      0: 'a signal ended it',
      1: 'the start failed, or another m0 owns or has taken over the database',
      2: 'm0.yaml or the environment is wrong',
      130: EXIT_CODES[130],
    },
  },
  worker: {
    usage: ['worker [--labels LABEL=LIMIT,…]'],
    help: 'starts a worker beside `m0 serve`. It plans and applies the stacks with these labels; without --labels, those without a label. =LIMIT may be left out: how many stacks of the label at the same time, at most',
    exits: {
      0: 'a signal ended it',
      1: 'the start failed, or its work was given to another worker',
      2: 'm0.yaml or the environment is wrong, or the database is not PostgreSQL',
      130: EXIT_CODES[130],
    },
  },
  sandbox: {
    usage: ['sandbox'],
    help: 'starts a local chat workspace and a local cloud, to try m0',
    exits: {
      0: 'a signal ended it',
      1: 'the start failed',
      2: 'the packages of the sandbox are not installed',
      130: EXIT_CODES[130],
    },
  },
  init: {
    usage: ['init [REPOSITORY] [--ref BRANCH] [--write]'],
    help: 'writes an m0.yaml for a repository with Terraform, OpenTofu or Terragrunt, or adds to it',
    exits: {
      0: 'init wrote m0.yaml, or m0.yaml has everything already',
      1: 'there is no root, or m0.yaml lacks something and init did not change it',
      2: 'wrong use, or the repository or the file cannot be read',
    },
  },
  explain: {
    usage: ['explain PLAN.json|- [--json] [--noise] [--schema FILE]'],
    help: 'prints the drift in the output of `terraform show -json`, also as gzip; - is standard input',
    exits: {
      0: 'an apply would change nothing',
      1: 'an apply would change something',
      2: 'wrong use, or the plan cannot be read',
    },
  },
  policy: {
    usage: [
      'policy check DIR [--plan PLAN.json|-] [--input INPUT.json] [--approver EMAIL] [--json]',
      'policy test DIR',
    ],
    help: 'compiles, asks and tests policies as production does',
    exits: {
      0: 'm0 can use the policy, its tests pass, and it allows the whole plan',
      1: 'something waits or is denied, the lint finds an error, or a test fails',
      2: 'wrong use, or m0 cannot use the policy or a file',
    },
  },
  config: {
    usage: ['config check [FILE] [--reach]', 'config schema'],
    help: 'check: prints all mistakes in m0.yaml. schema: prints its JSON Schema',
    exits: {
      0: 'fine',
      1: '`--reach`: something that m0.yaml names cannot be reached',
      2: 'wrong use, or m0.yaml has mistakes',
    },
  },
  check: {
    usage: [
      'check [STACK] [--json] [--post PLACE]',
      'check --dir FOLDER [--var-file FILE] [--json] [--post PLACE]',
    ],
    help: 'prints the card that m0 would post now about a stack or a folder; stores, locks and applies nothing',
    exits: {
      0: 'nothing would be posted',
      1: 'something drifted, the state is empty, or a condition of the code fails',
      2: 'wrong use, the stack cannot be planned, or the card cannot be shown in the channel',
      130: 'a signal stopped it',
    },
  },
  stacks: {
    usage: ['stacks [--json]'],
    help: 'lists which stacks m0 watches and why, and which roots it does not watch',
    exits: {
      0: 'fine',
      1: 'm0 does not watch a root, and no rule excludes it',
      2: 'wrong use, or m0.yaml or a repository cannot be read',
    },
  },
  doctor: {
    usage: ['doctor'],
    help: 'checks everything that a start needs, and prints one table',
    exits: { 0: 'fine', 1: 'something that a start needs is missing', 2: 'the environment is wrong' },
  },
  audit: {
    usage: [
      'audit verify [FILE.jsonl] [--part]',
      'audit export [--stack NAME] [--since DATE] [--until DATE]',
    ],
    help: 'verify: checks that nobody changed the audit record. export: prints it as JSON Lines',
    exits: {
      0: 'fine',
      1: 'somebody changed a line, or the database cannot be read',
      2: 'wrong use',
    },
  },
  backup: {
    usage: ['backup FILE'],
    help: 'writes a verified copy of the database, also while m0 runs',
    exits: {
      0: 'fine',
      1: 'with a file: the copy is complete, but its audit record was changed; without one: no copy was made',
      2: 'wrong use',
    },
  },
  restore: {
    usage: ['restore FILE'],
    help: 'replaces the database by a back-up, while m0 does not run',
    exits: {
      0: 'restored',
      1: 'another m0 uses the database, or m0 refuses the back-up',
      2: 'wrong use, or the file is damaged or no back-up',
    },
  },
  db: {
    usage: ['db migrate-from FILE', 'db migrate'],
    help: 'migrate-from: copies a SQLite database to PostgreSQL. migrate: creates or updates the tables in PostgreSQL',
    exits: {
      0: 'fine',
      1: 'an m0 uses one of the databases, or a database cannot be used: nothing was changed',
      2: 'wrong use',
    },
  },
  help: { usage: ['help'], help: 'prints this list', exits: { 0: 'always' } },
} as const satisfies Readonly<Record<string, CliEntry>>;

export type CliCommand = keyof typeof CLI_COMMANDS;

/** All commands with their entries, in the order of `help`. */
export const CLI_LIST = Object.entries(CLI_COMMANDS) as readonly (readonly [CliCommand, CliEntry])[];

/** True if the word is a command. */
export function isCliCommand(word: string): word is CliCommand {
  return Object.hasOwn(CLI_COMMANDS, word);
}

/** What `m0 help` prints. */
export function helpText(): string {
  const entries = CLI_LIST.map(([, { usage, help }]) => `  ${usage.join('\n  ')}\n      ${help}\n`);
  return `m0 <command>\n${entries.join('')}`;
}
