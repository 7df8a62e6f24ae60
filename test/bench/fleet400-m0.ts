/** m0 as `npm start` runs it, in a process of its own. Started by fleet400.ts; argv[2] is a RootsOrder. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createLogger } from '../../src/base/log.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { serve } from '../../src/serve.ts';
import { cpuMsOfAll } from './cpu.ts';
import type { RootsAnswer, RootsOrder, RootsQuestion } from './fleet400.ts';

const { variables, tools } = JSON.parse(process.argv[2] ?? '') as RootsOrder;
const config = await loadConfig(variables.M0_CONFIG ?? '', variables, isValidCron);
const service = await serve({
  ...{ config, environment: readEnvironment(variables), tools, base: variables },
  log: createLogger('silent'),
});
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const names = config.directory.stacks.map((s) => s.name);

async function answerTo(question: RootsQuestion): Promise<RootsAnswer> {
  if (question === 'check all') {
    delay.reset();
    await service.checkAll();
  }
  if (question === 'rest') delay.disable();
  const { working, answers } = await service.store.overview(names, Date.now());
  const { user, system } = process.cpuUsage();
  const answer = {
    ...{ waiting: working.length, known: answers.length },
    ...{ cpuMs: (user + system) / 1_000, allCpuMs: cpuMsOfAll(), rss: process.memoryUsage.rss() },
    delayMs: { p999: delay.percentile(99.9) / 1e6, most: delay.max / 1e6 },
  };
  if (question === 'end') await service.close();
  return answer;
}

process.on('message', (question: RootsQuestion) => {
  void answerTo(question).then((answer) => {
    process.send?.(answer);
    if (question === 'end') process.disconnect();
  });
});
process.send?.('ready');
