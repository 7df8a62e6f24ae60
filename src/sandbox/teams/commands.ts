/** The commands in Teams' menus. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const MANIFEST = new URL('../../../manifests/teams/manifest.json', import.meta.url);

const command = z.object({ title: z.string(), description: z.string() });
const manifest = z.object({
  bots: z.array(z.object({ commandLists: z.array(z.object({ commands: z.array(command) })) })),
});

/** The commands of the app's manifest, each once. Rejects where the manifest is not valid. */
export async function menuCommands(): Promise<readonly z.infer<typeof command>[]> {
  const { bots } = manifest.parse(JSON.parse(await readFile(MANIFEST, 'utf8')));
  const all = bots.flatMap((bot) => bot.commandLists.flatMap((list) => list.commands));
  return [...new Map(all.map((each) => [each.title, each])).values()];
}
