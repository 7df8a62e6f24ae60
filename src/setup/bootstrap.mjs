/**
 * Runs `npm start`, `npm test`, `npm run check` and `npm run m0`: installs what a fresh clone lacks, then
 * starts m0 under a Node that runs TypeScript. Plain JavaScript without dependencies, because it must run
 * under any Node from 20 on and before `npm install`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checks, runChecks } from './checks.mjs';
import { HEAP_FLAGS } from './heap-flags.mjs';
import { ensurePackages, findNode } from './packages.mjs';

const OLDEST_NODE = 20;
const root = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** Commands that need more than npm packages; `install.ts` knows what each needs. */
const NEEDS_TOOLS = new Set(['serve', 'sandbox', 'worker', 'policy', 'check', '--test', '--bench']);
/** Commands that keep running. They must notice when this process is killed. */
const LONG_RUNNING = new Set(['serve', 'sandbox', 'worker', '--test']);
/** Cache of compiled sources, which saves start time and 40 MB of memory. */
const COMPILED = path.join(root, 'node_modules', '.cache', 'm0');
/** npm and the terminal both deliver one Ctrl-C. A second signal within this time counts as the same one. */
const SAME_SIGNAL_MS = 1000;
/** How long the rest of a process group may take to end by itself. */
const GROUP_GRACE_MS = 15_000;

/** When npm is killed its script keeps running, so m0 watches npm's process and ends with it. */
const parent = process.ppid;
const underNpm = process.env.npm_package_json === path.join(root, 'package.json');

/** The person's directory: npm changes into the project and names the original directory in INIT_CWD. */
function callerDirectory() {
  return underNpm && process.env.INIT_CWD ? process.env.INIT_CWD : process.cwd();
}

function groupAlive(pid) {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends the rest of a process group whose leader has ended. Never by force: a tool in it may be writing a
 * state.
 */
async function endGroup(pid) {
  if (!groupAlive(pid)) return;
  process.kill(-pid, 'SIGTERM');
  const until = Date.now() + GROUP_GRACE_MS;
  while (groupAlive(pid) && Date.now() < until) await new Promise((wake) => setTimeout(wake, 50));
  if (groupAlive(pid)) process.stderr.write(`m0: process group ${pid} is still ending\n`);
}

/**
 * Runs Node with `args` and resolves to its exit code (128 + number after a signal). The child leads its own
 * process group: a Ctrl-C reaches it exactly once, from here, however often terminal, shell and npm send it,
 * and no process of the group survives it.
 */
async function run(node, args, extraEnv = {}) {
  const child = spawn(node, args, {
    cwd: root,
    stdio: 'inherit',
    detached: process.platform !== 'win32',
    env: { ...process.env, ...extraEnv, M0_STARTED_BY: String(process.pid) },
  });
  let lastSent = 0;
  const forward = (signal) => {
    if (Date.now() - lastSent < SAME_SIGNAL_MS) return;
    lastSent = Date.now();
    // A closed terminal is treated as a request for an orderly end.
    child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  const watch = setInterval(() => {
    if (!underNpm || process.ppid === parent) return;
    clearInterval(watch);
    forward('SIGTERM');
  }, 1000);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
    });
  } finally {
    clearInterval(watch);
    if (child.pid && process.platform !== 'win32') await endGroup(child.pid);
    for (const signal of signals) process.off(signal, forward);
  }
}

/** Commands that also need the development packages. */
const WITH_DEV = new Set(['sandbox', '--test', '--check', '--bench', '--cards', '--docs', '--playground']);

/** True if the command needs the development packages. `serve` without a configuration is the sandbox. */
function needsDevPackages(command) {
  if (WITH_DEV.has(command)) return true;
  return command === 'serve' && !process.env.M0_CONFIG && !existsSync(path.join(root, 'm0.yaml'));
}

/**
 * Why `serve` can't start by M0_CONFIG; null if it can. Said before anything is installed. A file in a Git repository
 * (`git::…`) is looked for by the start itself.
 */
function missingConfig(command) {
  const named = process.env.M0_CONFIG?.trim();
  if (command !== 'serve' || !named || named.startsWith('git::')) return null;
  if (existsSync(path.resolve(root, named))) return null;
  return `${named}: there is no such file, and M0_CONFIG names it: make it (npm run m0 -- init REPOSITORY), or unset M0_CONFIG for the sandbox`;
}

const FLAGS = ['--disable-warning=ExperimentalWarning'];
/** Projects of vitest.config.ts, which `npm test -- NAME` runs alone. */
const PROJECTS = ['quick', 'tools', 'crash', 'long'];
const WATCH = ['--import', new URL('./parent-watch.mjs', import.meta.url).href];

/**
 * Counts passed and failed tests in vitest's JSON report and names the failed ones. A file that could not be loaded
 * counts as one failure.
 */
function countTests(reportFile, exitCode) {
  const failed = [];
  let passed = 0;
  if (existsSync(reportFile)) {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    passed = report.numPassedTests;
    for (const file of report.testResults) {
      const name = path.relative(root, file.name);
      const tests = file.assertionResults.filter((test) => test.status === 'failed');
      for (const test of tests) failed.push(`${name} > ${test.fullName}`);
      if (file.status === 'failed' && tests.length === 0) failed.push(name);
    }
  }
  if (exitCode !== 0 && failed.length === 0) failed.push(`the test run itself, with exit code ${exitCode}`);
  return { passed, failed };
}

/** The project that the first argument of a test run names; null: it names none. */
function projectIn(args) {
  return PROJECTS.includes(args[0]) ? args[0] : null;
}

/** Arguments of vitest. Without a project or a file they select all tests except the project `long`. */
function testArguments(args) {
  const project = projectIn(args);
  if (project !== null) return [`--project=${project}`, ...args.slice(1)];
  const chosen = args.some((arg) => arg.startsWith('--project') || !arg.startsWith('-'));
  return chosen ? args : ['--project=!long', ...args];
}

async function test(node, args) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'm0-test-'));
  const report = path.join(scratch, 'report.json');
  try {
    const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run(
      node,
      [...FLAGS, ...WATCH, vitest, 'run', ...reporters, ...testArguments(args)],
      // Each test file and each process that a test starts loads the same packages.
      { ...withBin(node), NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? COMPILED },
    );
    const { passed, failed } = countTests(report, code);
    // At the end, because the first lines of a long run are soon out of sight.
    for (const name of failed) process.stdout.write(`failed: ${name}\n`);
    process.stdout.write(`${passed} passed, ${failed.length} failed\n`);
    return code !== 0 ? code : failed.length > 0 ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Puts this Node first on PATH, so that scripts which call `node` use the same one. */
function withBin(node) {
  return { PATH: [path.dirname(node), process.env.PATH].join(path.delimiter) };
}

async function main() {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE) {
    process.stderr.write(
      `m0 needs Node ${OLDEST_NODE} or later to start, this is ${process.versions.node}: get a current one from https://nodejs.org\n`,
    );
    return 2;
  }
  const [command = 'help', ...args] = process.argv.slice(2);
  const cwd = callerDirectory();
  const missing = missingConfig(command);
  if (missing !== null) {
    process.stderr.write(`m0: ${missing}\n`);
    return 2;
  }
  await ensurePackages(root, { dev: needsDevPackages(command) });
  const node = await findNode(root);
  if (command === '--check') {
    return await runChecks(checks(root, args), (check) => run(node, check.args, withBin(node)));
  }
  if (NEEDS_TOOLS.has(command)) {
    const project = command === '--test' ? projectIn(args) : null;
    const wanted = project === null ? [command] : [command, project];
    const code = await run(node, [...FLAGS, path.join(root, 'src/setup/install.ts'), ...wanted], {
      NODE_USE_ENV_PROXY: '1',
    });
    if (code !== 0) return code;
  }
  if (command === '--test') return await test(node, args);
  if (command === '--bench')
    return await run(node, [...FLAGS, path.join(root, 'test/bench/bench.ts'), ...args]);
  if (command === '--cards')
    return await run(node, [...FLAGS, path.join(root, 'test/cards/cards.ts'), ...args]);
  if (command === '--docs') return await run(node, [...FLAGS, path.join(root, 'test/docs/docs.ts'), ...args]);
  if (command === '--playground')
    return await run(node, [...FLAGS, path.join(root, 'src/sandbox/playground.ts'), ...args]);
  const flags = [...FLAGS, ...(LONG_RUNNING.has(command) ? WATCH : []), ...(HEAP_FLAGS[command] ?? [])];
  return await run(node, [...flags, path.join(root, 'src/main.ts'), ...process.argv.slice(2)], {
    M0_CWD: cwd,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? COMPILED,
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`m0: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
