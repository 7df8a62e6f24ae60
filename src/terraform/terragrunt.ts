/** The environment of Terragrunt, its command line, and what its log says. Pure. */
import { isRecord } from '../base/is-record.ts';

/** How Terragrunt runs one stack's tool. */
export interface TerragruntUse {
  /** The terraform or tofu that it runs. */
  readonly tool: string;
  /** Where it copies modules to and runs them. Never shared with another stack. */
  readonly downloadDir: string;
}

/**
 * The variables that every call of Terragrunt gets. They are set after the stack's own ones. Nothing is asked, retried or
 * created beside the plan, the tool's output stays as it is, and Terragrunt's own log is one JSON object a line on stderr.
 */
export function terragruntEnvironment({ tool, downloadDir }: TerragruntUse): Record<string, string> {
  return {
    TG_TF_PATH: tool,
    TG_DOWNLOAD_DIR: downloadDir,
    TG_NON_INTERACTIVE: 'true',
    // An apply is never retried by itself. Terragrunt would do so for errors that look like a network's.
    TG_NO_AUTO_RETRY: 'true',
    TG_TF_FORWARD_STDOUT: 'true',
    TG_LOG_FORMAT: 'json',
    TG_LOG_LEVEL: 'warn',
    TG_NO_COLOR: 'true',
    TG_NO_TIPS: 'true',
    // `get_repo_root` asks git, which distrusts a checkout of another user: m0's, where the stack has a user of its own.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    // Providers come from where m0's CLI configuration says, and are cached where m0 caches them.
    TG_NO_AUTO_PROVIDER_CACHE_DIR: 'true',
    // Of units that a stack's file generates and of dependencies that are read: m0 itself runs one unit at a time.
    TG_PARALLELISM: '2',
  };
}

/**
 * Terragrunt's own settings that a stack may set: they say who it is in the cloud, and what its code asks for. All of its
 * other ones would break what m0 promises, as `TG_ALL` does. `get_env` may read any other variable.
 */
const ALLOWED = [
  ...['IAM_ASSUME_ROLE', 'IAM_ASSUME_ROLE_DURATION', 'IAM_ASSUME_ROLE_SESSION_NAME'],
  ...['IAM_ASSUME_ROLE_WEB_IDENTITY_TOKEN', 'AUTH_PROVIDER_CMD', 'FEATURE', 'SOURCE_MAP'],
];
/** The flags of Terragrunt 1.0 that have a variable, as its `--help` lists them; see ALLOWED for the others. */
const REFUSED = [
  ...['ALL', 'GRAPH', 'GRAPH_ROOT', 'CONFIG', 'WORKING_DIR', 'DOWNLOAD_DIR', 'TF_PATH', 'TFPATH', 'SOURCE'],
  ...['SOURCE_UPDATE', 'NON_INTERACTIVE', 'NO_AUTO_INIT', 'AUTO_INIT', 'NO_AUTO_RETRY', 'AUTO_RETRY'],
  ...['NO_AUTO_APPROVE', 'AUTO_APPROVE', 'NO_AUTO_PROVIDER_CACHE_DIR', 'PARALLELISM', 'TF_FORWARD_STDOUT'],
  ...[
    'FORWARD_TF_STDOUT',
    'LOG_FORMAT',
    'LOG_CUSTOM_FORMAT',
    'LOG_LEVEL',
    'LOG_DISABLE',
    'LOG_SHOW_ABS_PATHS',
  ],
  ...[
    'DOWNLOAD',
    'DEBUG',
    'DISABLE_LOG_FORMATTING',
    'JSON_LOG',
    'TF_LOGS_TO_JSON',
    'TF_JSON_LOG',
    'NO_COLOR',
    'NO_TIPS',
    'NO_TIP',
  ],
  ...['NO_HOOKS', 'NO_SHELL', 'EXPERIMENT', 'EXPERIMENT_MODE', 'STRICT_CONTROL', 'STRICT_MODE', 'FILTER'],
  ...['FILTERS_FILE', 'FILTER_AFFECTED', 'FILTER_ALLOW_DESTROY', 'NO_FILTERS_FILE', 'BACKEND_BOOTSTRAP'],
  ...['BACKEND_REQUIRE_BOOTSTRAP', 'DISABLE_BUCKET_UPDATE', 'DEPENDENCY_FETCH_OUTPUT_FROM_STATE'],
  ...[
    'USE_PARTIAL_PARSE_CONFIG_CACHE',
    'INPUTS_DEBUG',
    'OUT_DIR',
    'JSON_OUT_DIR',
    'REPORT_FILE',
    'REPORT_FORMAT',
  ],
  ...['FAIL_FAST', 'IN_DOWNLOAD_DIR', 'UNITS_THAT_INCLUDE', 'NO_ENGINE', 'EXPERIMENTAL_ENGINE', 'TF_INPUT'],
  'ENGINE_.*|IGNORE_.*|QUEUE_.*|PROVIDER_CACHE.*|STACK_.*|RUN_.*|TELEMETRY_.*|INCLUDE_.*|EXCLUDE_.*|VERSION_MANAGER_.*',
];
const REFUSED_NAME = new RegExp(`^(TG|TERRAGRUNT)_(${REFUSED.join('|')})$`);
const ALLOWED_NAME = new RegExp(`^(TG|TERRAGRUNT)_(${ALLOWED.join('|')})$`);

/** Those of the names that are settings of Terragrunt which no stack may set. */
export function refusedSettings(names: readonly string[]): readonly string[] {
  return names.filter((name) => REFUSED_NAME.test(name) && !ALLOWED_NAME.test(name));
}

/**
 * The command line for a subcommand of the tool in one unit. `--` ends Terragrunt's own flags: the rest is passed on as
 * it is.
 */
export function terragruntArgs(args: readonly string[]): readonly string[] {
  return ['run', '--', ...args];
}

/** One line of Terragrunt's log. */
interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** What Terragrunt wrote to stderr: its own log, and the tool's stderr, which stands between its lines. */
export interface TerragruntLog {
  readonly own: readonly LogLine[];
  readonly tool: string;
}

export function readLog(stderr: string): TerragruntLog {
  const own: LogLine[] = [];
  const tool: string[] = [];
  for (const line of stderr.split('\n')) {
    const entry = logLine(line);
    if (entry === null) tool.push(line);
    else own.push(entry);
  }
  return { own, tool: tool.join('\n') };
}

function logLine(line: string): LogLine | null {
  if (!line.startsWith('{"time":')) return null;
  try {
    const entry: unknown = JSON.parse(line);
    if (!isRecord(entry) || typeof entry.level !== 'string' || typeof entry.msg !== 'string') return null;
    return { level: entry.level, text: entry.msg };
  } catch {
    return null;
  }
}

/**
 * Stderr as the tool alone would write it: its own errors where it reported any, because Terragrunt only repeats them;
 * else Terragrunt's.
 */
export function toolErrors(stderr: string): string {
  const { own, tool } = readLog(stderr);
  if (/^\W*Error: /m.test(tool)) return tool;
  const errors = own.filter(({ level }) => level === 'error' || level === 'fatal');
  // The last one sums the others up.
  const summary = errors.at(-1)?.text;
  if (summary === undefined) return tool;
  return `Error: ${summary.replace(/^(error|\d+ errors) occurred:\s*/, '').replace(/^\s*\* /, '')}`;
}

const MOCKS = /\bmock outputs provided and returning those\b|\bfallback to mock outputs\b/;
const OF = /Config (\S+) is a dependency of|outputs from (\S+) referenced in/;

/** The dependencies, as Terragrunt names them, for which its log says that it took their `mock_outputs`. */
export function mockedDependencies(stderr: string): readonly string[] {
  const lines = readLog(stderr).own.filter(({ text }) => MOCKS.test(text));
  const names = lines.map(({ text }) => {
    const [, config, referred] = OF.exec(text) ?? [];
    return config ?? referred ?? 'a dependency';
  });
  return [...new Set(names)].sort();
}
