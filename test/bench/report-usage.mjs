/** Loaded into every process that the bench measures: leaves its peak memory behind when it ends. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = process.env.M0_BENCH_USAGE;
process.on('exit', () => {
  if (folder)
    writeFileSync(path.join(folder, String(process.pid)), String(process.resourceUsage().maxRSS * 1024));
});
