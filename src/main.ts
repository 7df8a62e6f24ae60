/** The command line of m0: `npm start` runs `serve`; most other commands only read. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { errorText } from './base/error-text.ts';
import { ConfigError } from './config/config-error.ts';
import { type Environment, readEnvironment, type Variables } from './config/environment.ts';
import type { ServeOptions, Service } from './serve.ts';
import { hasSandbox, NO_SANDBOX, NO_SANDBOX_PACKAGES } from './setup/has-sandbox.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HELP = `m0 <command>
  serve                        start m0 (what npm start runs); without an m0.yaml: the sandbox
  sandbox                      a local chat workspace and cloud to try m0 in
  explain PLAN.json|- [--json] the drift in a "terraform show -json" file, also as gzip; - is standard input
  policy check DIR | test DIR  compile, decide and test policies as production does
  config check [FILE] | schema what is wrong with m0.yaml; its JSON Schema
  doctor                       everything a start needs, in one table
  audit verify [FILE.jsonl]    whether the record of who did what still is what was written
  audit export                 the record as JSON Lines [--stack NAME] [--since DATE] [--until DATE]
  backup FILE                  a verified copy of the database, also while m0 runs
`;

const io = {
  out: (text: string): void => void process.stdout.write(text),
  err: (text: string): void => void process.stderr.write(text),
};

/** Writes to stdout and waits while its buffer is full, because a long answer must not be held in memory. */
async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

interface Running {
  close(): Promise<void>;
  /** Resolves when another m0 has taken over and this one must close. */
  readonly lost?: Promise<void>;
}

/**
 * Starts, waits for SIGINT or SIGTERM, and closes. Resolves to the exit code: 0, or 1 if another m0 has taken over.
 * A signal during the start aborts it. A second signal ends the process at once with code 130. Rejects if the start
 * or the closing fails.
 */
async function runUntilStopped(start: (stop: AbortSignal) => Promise<Running>): Promise<number> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      io.err('m0: stopped at once; the next start continues the unfinished work\n');
      process.exit(130);
    }
    io.err(`\nm0: ${signal}: finishing the current work (once more to stop at once)\n`);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let running: Running;
  try {
    running = await start(stop.signal);
  } catch (error) {
    if (stop.signal.aborted && error instanceof Error && error.name === 'AbortError') return 0;
    throw error;
  }
  const stopped = stop.signal.aborted ? Promise.resolve() : once(stop.signal, 'abort');
  const lost = running.lost ?? new Promise<void>(() => {});
  const isLost = await Promise.race([stopped.then(() => false), lost.then(() => true)]);
  if (isLost) {
    io.err('m0: another m0 has taken over: finishing the current work\n');
    stop.abort();
  }
  await running.close();
  return isLost ? 1 : 0;
}

async function startService(
  environment: Environment,
  base: Variables,
  toolsDir: string,
  rest: Pick<ServeOptions, 'teamsConnector' | 'stop'> = {},
): Promise<Service> {
  const [{ loadConfig }, { notesOn }, { createLogger }, { isValidCron }, { serve }, { loadTools }] =
    await Promise.all([
      import('./config/load.ts'),
      import('./config/notes.ts'),
      import('./base/log.ts'),
      import('./schedule/cron.ts'),
      import('./serve.ts'),
      import('./setup/tools.ts'),
    ]);
  const log = createLogger(environment.logLevel);
  const config = await loadConfig(environment.configPath, environment.variables, isValidCron);
  for (const note of notesOn(config)) log.warn({ note }, 'm0.yaml');
  const tools = await loadTools(toolsDir, base);
  return serve({ config, environment, tools, base, log, ...rest });
}

/** Throws the error again. A missing package becomes a ConfigError that says what to run. */
function explainMissingPackage(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  throw new ConfigError([NO_SANDBOX_PACKAGES], { cause: error });
}

async function runSandbox(environment: Environment): Promise<number> {
  if (!hasSandbox()) {
    io.err(`m0: ${NO_SANDBOX}\n`);
    return 2;
  }
  const started = Date.now();
  const seconds = (): string => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const dir = join(environment.dataDir, 'sandbox');
  const [{ createLogger }, { startSandbox }, { loadTools }] = await Promise.all([
    import('./base/log.ts'),
    import('./sandbox/sandbox.ts').catch(explainMissingPackage),
    import('./setup/tools.ts'),
  ]);
  const tools = await loadTools(environment.dataDir, environment.variables);
  const { motoServer } = tools;
  const tool = tools.terraform === null ? 'tofu' : 'terraform';
  const binary = tools.terraform ?? tools.tofu;
  if (motoServer === null || binary === null) {
    io.err('m0: the local AWS is not set up: run npm start, which brings it\n');
    return 1;
  }
  const sandbox = await startSandbox({
    dir,
    port: environment.port + 1,
    teams: environment.teams.insecureLoopback ? 'playground' : 'own',
    tool,
    tools: { terraform: binary, motoServer, cliConfig: tools.terraformCliConfig },
    policiesFrom: join(ROOT, 'policies'),
    base: environment.variables,
    now: Date.now,
    // Only warnings, because m0's own log would hide the progress lines.
    log: createLogger('warn', { write: (line) => void process.stderr.write(line) }),
    onProgress: (text) => io.err(`  ${seconds().padStart(7)}  ${text}\n`),
    serve: (configFile, env, teamsConnector) => {
      const variables = {
        ...environment.variables,
        ...env,
        M0_CONFIG: configFile,
        M0_DATA_DIR: dir,
        M0_DATABASE_URL: `file:${sandboxDatabase(environment.dataDir)}`,
        M0_LOG_LEVEL: environment.variables.M0_LOG_LEVEL ?? 'warn',
        // The sandbox has one stack, which comes with m0 and is trusted.
        M0_STACK_USER: environment.variables.M0_STACK_USER ?? 'self',
      };
      return startService(readEnvironment(variables), environment.variables, environment.dataDir, {
        teamsConnector,
      });
    },
  });
  io.out(`\n  m0's sandbox is at ${sandbox.url}   (Ctrl-C stops it; nothing is lost)\n\n`);
  sandbox.ready.catch((error: unknown) => {
    io.err(`m0: ${errorText(error)}\n`);
  });
  return runUntilStopped(async () => sandbox);
}

async function runServe(environment: Environment): Promise<number> {
  if (!existsSync(environment.configPath)) {
    if (environment.variables.M0_CONFIG) {
      io.err(
        `m0: ${environment.configPath}: there is no such file: make it, or unset M0_CONFIG for the sandbox\n`,
      );
      return 2;
    }
    return runSandbox(environment);
  }
  return runUntilStopped((stop) =>
    startService(environment, environment.variables, environment.dataDir, { stop }),
  );
}

/** The URL of the database that `npm start` would open. */
function databaseOf(environment: Environment): string {
  const { configPath, databaseUrl, dataDir, variables } = environment;
  if (variables.M0_DATABASE_URL || variables.M0_CONFIG || existsSync(configPath)) return databaseUrl;
  return `file:${sandboxDatabase(dataDir)}`;
}

function sandboxDatabase(dataDir: string): string {
  return join(dataDir, 'sandbox', 'm0.db');
}

/** Runs a command and resolves to its exit code. Each one loads only what it needs: `explain` must start fast. */
async function main(args: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = args;
  const environment = readEnvironment();
  const from = environment.variables.M0_CWD ?? process.cwd();
  const resolvePath = (path: string): string => resolve(from, path);
  switch (command) {
    case 'serve':
      return runServe(environment);
    case 'sandbox':
      return runSandbox(environment);
    case 'explain': {
      const { explain } = await import('./cli/explain.ts');
      return explain(rest, {
        ...io,
        color: process.stdout.isTTY === true,
        // Reading synchronously is fine here: nothing else runs.
        readFile: async (path) => readFileSync(resolvePath(path)),
        readStdin: () => buffer(process.stdin),
      });
    }
    case 'policy': {
      const { policyCommand } = await import('./cli/policy.ts');
      const { loadTools } = await import('./setup/tools.ts');
      const { opa } = await loadTools(environment.dataDir, environment.variables);
      return policyCommand(rest, io, {
        opa,
        cwd: from,
        dataDir: environment.dataDir,
        now: Date.now(),
        readStdin: () => buffer(process.stdin),
      });
    }
    case 'config': {
      const { configCommand } = await import('./cli/config.ts');
      return configCommand(rest, io, environment);
    }
    case 'doctor': {
      const { doctor } = await import('./cli/doctor.ts');
      return doctor(io, environment);
    }
    case 'audit': {
      const { auditCommand } = await import('./cli/audit.ts');
      return auditCommand(rest, io, {
        databaseUrl: databaseOf(environment),
        resolvePath,
        write: writeOut,
      });
    }
    case 'backup': {
      const { backupCommand } = await import('./cli/backup.ts');
      return backupCommand(rest, io, { databaseUrl: databaseOf(environment), resolvePath });
    }
    case 'worker':
      io.err('m0: worker: workers on other machines are not in this version yet; "serve" does their work\n');
      return 2;
    case 'help':
    case '--help':
      io.out(HELP);
      return 0;
    default:
      io.err(`m0: "${command}" is no command of m0; say: npm run m0 -- help\n`);
      return 2;
  }
}

// The reader of a pipe, as in `explain … | head`, may close it early. That is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const problems = error instanceof ConfigError ? error.problems : [errorText(error)];
  for (const problem of problems) io.err(`m0: ${problem}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
