/** Loaded into every process that the bench measures: writes the process's peak memory to a file when it exits. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = process.env.M0_BENCH_USAGE;
process.on('exit', () => {
  if (folder)
    writeFileSync(path.join(folder, String(process.pid)), String(process.resourceUsage().maxRSS * 1024));
});
