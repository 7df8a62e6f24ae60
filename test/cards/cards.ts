/** `npm run cards [NAME…]`: takes a picture of every card, as Slack and Teams show it, into docs/cards. */
import { launchBrowser } from '../support/browser.ts';
import { exhibits, gallery } from '../support/gallery/gallery.ts';
import { Album } from './album.ts';
import { sightsOf } from './names.ts';
import { slackPictures } from './slack-pictures.ts';
import { teamsPictures } from './teams-pictures.ts';

async function main(names: readonly string[]): Promise<void> {
  const started = Date.now();
  const wanted = exhibits.filter((one) => names.length === 0 || names.includes(one.name));
  const inSlack = wanted.filter((one) => sightsOf(one, 'slack').length > 0);
  const inTeams = wanted.filter((one) => sightsOf(one, 'teams').length > 0);
  if (inSlack.length + inTeams.length === 0) {
    throw new Error(`no card is called ${names.join(' or ')}: see docs/cards/README.md`);
  }
  const album = new Album();
  const browser = await launchBrowser();
  try {
    await slackPictures(browser, inSlack, album);
    await teamsPictures(browser, inTeams, album);
  } finally {
    await browser.close();
  }
  await album.close(gallery);
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `${wanted.length} cards, ${(album.bytes / 1e6).toFixed(1)} MB of pictures in docs/cards, ${seconds} s\n`,
  );
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(
    `taking pictures of cards: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}
