/** The command line of m0: `npm start` runs `serve`; most other commands only read. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { assertNever } from './base/assert-never.ts';
import { errorText } from './base/error-text.ts';
import { CLI_COMMANDS, type ExitCode, helpText, isCliCommand } from './cli/commands.ts';
import type { ServeRoles } from './cli/serve-roles.ts';
import { ConfigError } from './config/config-error.ts';
import { type Environment, isGitSource, readEnvironment, type Variables } from './config/environment.ts';
import type { BesideOptions } from './join-owner.ts';
import type { ServeOptions, Service } from './serve.ts';
import { hasSandbox, NO_SANDBOX, NO_SANDBOX_PACKAGES } from './setup/has-sandbox.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const io = {
  out: (text: string): void => void process.stdout.write(text),
  err: (text: string): void => void process.stderr.write(text),
};

/** Writes to stdout and waits while its buffer is full, because a long answer must not be held in memory. */
async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Asks on the terminal; null where there is none. */
function confirmOnTerminal(): ((question: string) => Promise<boolean>) | null {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) return null;
  return async (question) => {
    const { createInterface } = await import('node:readline/promises');
    const asking = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return /^y(es)?$/i.test((await asking.question(question)).trim());
    } finally {
      asking.close();
    }
  };
}

interface Running {
  close(): Promise<void>;
  /** Reads m0.yaml anew; left out: SIGHUP ends m0. */
  reload?(): void;
  /** Resolves when this m0 may store nothing more and must close: why. */
  readonly lost?: Promise<string>;
}

/**
 * Starts, waits for SIGINT or SIGTERM, and closes. Resolves to the exit code: 0, or 1 if its work was given away.
 * A signal during the start aborts it. A second signal ends the process at once with code 130. Rejects if the start
 * or the closing fails.
 */
async function runUntilStopped(start: (stop: AbortSignal) => Promise<Running>): Promise<ExitCode> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      io.err('m0: stopped at once; the next start continues the unfinished work\n');
      process.exit(130 satisfies ExitCode);
    }
    io.err(`\nm0: ${signal}: finishing the current work (once more to stop at once)\n`);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let running: Running | undefined;
  const hadTerminal = process.stdin.isTTY === true;
  process.on('SIGHUP', () => {
    // A terminal that is closed sends the same signal, and m0 ends with it.
    const isClosed = hadTerminal && !isatty(process.stdin.fd);
    if (isClosed || (running !== undefined && running.reload === undefined)) onSignal('SIGHUP');
    else running?.reload?.();
  });
  try {
    running = await start(stop.signal);
  } catch (error) {
    if (stop.signal.aborted && error instanceof Error && error.name === 'AbortError') return 0;
    throw error;
  }
  const stopped = stop.signal.aborted ? Promise.resolve() : once(stop.signal, 'abort');
  const lost = running.lost ?? new Promise<string>(() => {});
  const whyLost = await Promise.race([stopped.then(() => null), lost]);
  if (whyLost !== null) {
    io.err(`m0: ${whyLost}: finishing the current work\n`);
    stop.abort();
  }
  await running.close();
  return whyLost === null ? 0 : 1;
}

/** Runs a command that cleans up after itself: the first SIGINT or SIGTERM aborts it, a second one ends the process. */
async function untilSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return work(stop.signal);
}

async function startService(
  environment: Environment,
  base: Variables,
  toolsDir: string,
  rest: Pick<ServeOptions, 'teamsConnector' | 'stop' | 'firstChecks' | 'labels' | 'takesCommands'> = {},
): Promise<Service> {
  const [
    { openConfigReader },
    { parseConfig },
    { notesOn },
    { createLogger },
    { isValidCron },
    { serve },
    { loadTools },
    { refuseDataFolder },
  ] = await Promise.all([
    import('./config/config-source.ts'),
    import('./config/load.ts'),
    import('./config/notes.ts'),
    import('./base/log.ts'),
    import('./schedule/cron.ts'),
    import('./serve.ts'),
    import('./setup/tools.ts'),
    import('./setup/data-folder.ts'),
  ]);
  await refuseDataFolder(environment.dataDir);
  const log = createLogger(environment.logLevel);
  const reader = openConfigReader(environment, { log });
  const text = await reader.read();
  const config = parseConfig(text, environment.variables, isValidCron);
  for (const note of notesOn(config)) log.warn({ note }, 'm0.yaml');
  const tools = await loadTools(toolsDir, base);
  return serve({ config, source: { reader, text }, environment, tools, base, log, ...rest });
}

/** Throws the error again. A missing package becomes a ConfigError that says what to run. */
function explainMissingPackage(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  throw new ConfigError([NO_SANDBOX_PACKAGES], { cause: error });
}

async function runSandbox(environment: Environment): Promise<ExitCode> {
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
        firstChecks: false,
      });
    },
  });
  io.out(`\n  m0's sandbox is at ${sandbox.url}   (Ctrl-C stops it; nothing is lost)\n\n`);
  sandbox.ready.catch((error: unknown) => {
    io.err(`m0: ${errorText(error)}\n`);
  });
  return runUntilStopped(async () => sandbox);
}

async function runWorker(environment: Environment, args: readonly string[]): Promise<ExitCode> {
  const { workerLabels } = await import('./cli/worker-labels.ts');
  const which = workerLabels(args);
  if (typeof which === 'string') {
    io.err(`m0: worker: ${which}\n`);
    return 2;
  }
  const { serveWorker } = await import('./serve-worker.ts');
  return runBeside(environment, (parts) => serveWorker({ ...which, ...parts }));
}

async function runBot(environment: Environment): Promise<ExitCode> {
  const { serveBot } = await import('./serve-bot.ts');
  return runBeside(environment, serveBot);
}

/** Runs a process beside the owner of the database. */
async function runBeside(
  environment: Environment,
  start: (parts: BesideOptions) => Promise<Running>,
): Promise<ExitCode> {
  const [{ openConfigReader }, { createLogger }, { loadTools }, { refuseDataFolder }] = await Promise.all([
    import('./config/config-source.ts'),
    import('./base/log.ts'),
    import('./setup/tools.ts'),
    import('./setup/data-folder.ts'),
  ]);
  await refuseDataFolder(environment.dataDir);
  const base = environment.variables;
  const log = createLogger(environment.logLevel);
  const reader = openConfigReader(environment, { log });
  const tools = await loadTools(environment.dataDir, base);
  return runUntilStopped(() => start({ reader, environment, tools, base, log }));
}

async function runServe(
  environment: Environment,
  { labels, takesCommands }: Pick<ServeRoles, 'labels' | 'takesCommands'>,
): Promise<ExitCode> {
  if (!isGitSource(environment.configPath) && !existsSync(environment.configPath)) {
    if (environment.variables.M0_CONFIG) {
      io.err(
        `m0: ${environment.configPath}: there is no such file: make it, or unset M0_CONFIG for the sandbox\n`,
      );
      return 2;
    }
    return runSandbox(environment);
  }
  return runUntilStopped((stop) =>
    startService(environment, environment.variables, environment.dataDir, { stop, labels, takesCommands }),
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
async function main(args: readonly string[]): Promise<ExitCode> {
  const [typed = 'help', ...rest] = args;
  const command = typed === '--help' ? 'help' : typed;
  if (!isCliCommand(command)) {
    const [{ nearest }, { visible }] = await Promise.all([
      import('./text/nearest.ts'),
      import('./text/inert.ts'),
    ]);
    const [meant] = nearest(command, Object.keys(CLI_COMMANDS), 1);
    const maybe = meant === undefined ? '' : `: did you mean ${meant}?`;
    io.err(
      `m0: "${visible(command)}" is no command of m0${maybe || '.'} For all of them: npm run m0 -- help\n`,
    );
    return 2;
  }
  const environment = readEnvironment();
  const from = environment.variables.M0_CWD ?? process.cwd();
  const resolvePath = (path: string): string => resolve(from, path);
  switch (command) {
    case 'serve': {
      const { serveRoles } = await import('./cli/serve-roles.ts');
      const roles = serveRoles(rest);
      if (typeof roles === 'string') {
        io.err(`m0: serve: ${roles}\n`);
        return 2;
      }
      return roles.isOwner ? runServe(environment, roles) : runBot(environment);
    }
    case 'worker':
      return runWorker(environment, rest);
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
    case 'init': {
      const { initCommand } = await import('./cli/init.ts');
      return initCommand(rest, { ...io, confirm: confirmOnTerminal() }, environment);
    }
    case 'check': {
      const { checkCommand } = await import('./cli/check/command.ts');
      return untilSignal((signal) => {
        const { columns = 80, isTTY } = process.stdout;
        return checkCommand(rest, { ...io, color: isTTY === true, width: columns, signal }, environment);
      });
    }
    case 'stacks': {
      const { stacksCommand } = await import('./cli/stacks.ts');
      return stacksCommand(rest, io, environment);
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
    case 'restore': {
      const [{ restoreCommand }, { createLogger }] = await Promise.all([
        import('./cli/restore.ts'),
        import('./base/log.ts'),
      ]);
      return restoreCommand(rest, io, {
        databaseUrl: databaseOf(environment),
        resolvePath,
        log: createLogger('warn', { write: (line) => void process.stderr.write(line) }),
        now: Date.now(),
        user: `${userInfo().username} on ${hostname()}`,
      });
    }
    case 'db': {
      const [{ dbCommand }, { createLogger }] = await Promise.all([
        import('./cli/db.ts'),
        import('./base/log.ts'),
      ]);
      return dbCommand(rest, io, {
        databaseUrl: environment.databaseUrl,
        resolvePath,
        log: createLogger('warn', { write: (line) => void process.stderr.write(line) }),
      });
    }
    case 'help':
      io.out(helpText());
      return 0;
    default:
      return assertNever(command);
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
