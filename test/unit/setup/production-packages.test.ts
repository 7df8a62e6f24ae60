/** Which packages production gets, and that the bot asks for no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
);

/** The packages that a source file names in `import`, `import()` and `require()`, types included. */
function packagesIn(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name);
}

it('production has the packages that src imports outside of src/sandbox, and no others', () => {
  const imported = new Set<string>();
  for (const name of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.(ts|mjs)$/.test(name) || /^sandbox\b/.test(name)) continue;
    for (const each of packagesIn(join(ROOT, 'src', name))) imported.add(each);
  }
  // Nothing imports it: npm start runs m0 with the Node in it where the installed one is too old.
  imported.add('node');
  // A package of font files, which src/pictures/draw.ts finds by their path.
  imported.add('dejavu-fonts-ttf');
  // A grammar that src/codify/edit loads by its path.
  imported.add('@tree-sitter-grammars/tree-sitter-hcl');
  expect([...imported].sort()).toEqual(Object.keys(dependencies).sort());
});
