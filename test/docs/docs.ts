/** `npm run docs`: writes the generated parts of docs/reference, the list of packages and their notices. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageFiles } from './packages.ts';
import { referencePages } from './pages.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const files = [
  ...referencePages().map(({ url, text, wanted }) => ({ url, text, wanted })),
  ...packageFiles(),
].filter((file) => file.text !== file.wanted);
for (const { url, wanted } of files) {
  writeFileSync(url, wanted);
  process.stdout.write(`written: ${fileURLToPath(url).replace(ROOT, '')}\n`);
}
process.stdout.write(
  files.length === 0 ? 'nothing to write: all generated parts are as the code wants them\n' : '',
);
