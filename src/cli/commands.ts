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
    help: 'start m0 (what npm start runs); without an m0.yaml: the sandbox',
    exits: {
      0: 'a signal ended it',
      1: 'the start failed, or another m0 owns or has taken over the database',
      2: 'm0.yaml or the environment is wrong',
      130: EXIT_CODES[130],
    },
  },
  worker: {
    usage: ['worker [--labels LABEL,…]'],
    help: 'a worker beside m0 serve: plans and applies the stacks with these labels, or those without one; LABEL=LIMIT: at most so many of it at the same time',
    exits: {
      0: 'a signal ended it',
      1: 'the start failed, or its work was given to another worker',
      2: 'm0.yaml or the environment is wrong, or the database is not PostgreSQL',
      130: EXIT_CODES[130],
    },
  },
  sandbox: {
    usage: ['sandbox'],
    help: 'a local chat workspace and cloud to try m0 in',
    exits: {
      0: 'a signal ended it',
      1: 'the start failed',
      2: 'the packages of the sandbox are not installed',
      130: EXIT_CODES[130],
    },
  },
  init: {
    usage: ['init [REPOSITORY] [--ref BRANCH] [--write]'],
    help: 'an m0.yaml for a repository with Terraform, OpenTofu or Terragrunt',
    exits: {
      0: 'm0.yaml was written, or has everything already',
      1: 'there is no root, or m0.yaml lacks something and was not changed',
      2: 'wrong use, or the repository or the file cannot be read',
    },
  },
  explain: {
    usage: ['explain PLAN.json|- [--json] [--noise] [--schema FILE]'],
    help: 'the drift in a "terraform show -json" file, also as gzip; - is standard input',
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
    help: 'compile, decide and test policies as production does',
    exits: {
      0: 'the policy can be used, its tests pass, and it allows all of the plan',
      1: 'something waits or is denied, the lint finds an error, or a test fails',
      2: 'wrong use, or the policy or a file cannot be used',
    },
  },
  config: {
    usage: ['config check [FILE] [--reach]', 'config schema'],
    help: 'what is wrong with m0.yaml; its JSON Schema',
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
    help: 'the card that m0 would post about a stack or a folder now; stores, locks and applies nothing',
    exits: {
      0: 'nothing would be posted',
      1: 'something drifted, the state is empty, or a condition of the code fails',
      2: 'wrong use, the stack cannot be planned, or the card cannot be shown in the channel',
      130: 'a signal stopped it',
    },
  },
  stacks: {
    usage: ['stacks [--json]'],
    help: 'which stacks are watched and why, and which roots are not',
    exits: {
      0: 'fine',
      1: 'a root is not watched and no rule says so',
      2: 'wrong use, or m0.yaml or a repository cannot be read',
    },
  },
  doctor: {
    usage: ['doctor'],
    help: 'everything a start needs, in one table',
    exits: { 0: 'fine', 1: 'something that a start needs is missing', 2: 'the environment is wrong' },
  },
  audit: {
    usage: [
      'audit verify [FILE.jsonl] [--part]',
      'audit export [--stack NAME] [--since DATE] [--until DATE]',
    ],
    help: 'whether the record of who did what still is what was written; the record as JSON Lines',
    exits: {
      0: 'fine',
      1: 'a line is not what was written, or the database cannot be read',
      2: 'wrong use',
    },
  },
  backup: {
    usage: ['backup FILE'],
    help: 'a verified copy of the database, also while m0 runs',
    exits: {
      0: 'fine',
      1: 'with a file: the copy is complete, but its audit record was changed; without one: no copy was made',
      2: 'wrong use',
    },
  },
  restore: {
    usage: ['restore FILE'],
    help: 'puts a back-up in the place of the database, while m0 does not run',
    exits: {
      0: 'restored',
      1: 'another m0 uses the database, or the back-up may not be used',
      2: 'wrong use, or the file is damaged or no back-up',
    },
  },
  db: {
    usage: ['db migrate-from FILE', 'db migrate'],
    help: 'moves a SQLite database into PostgreSQL; makes and updates the tables of a PostgreSQL database',
    exits: {
      0: 'fine',
      1: 'an m0 uses one of the databases, or a database cannot be used: nothing was changed',
      2: 'wrong use',
    },
  },
  help: { usage: ['help'], help: 'this list', exits: { 0: 'always' } },
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
