/** Builds the page docs/cards/README.md. */
import type { Exhibit } from '../support/gallery/exhibit.ts';
import { fileOf, type Platform, type Sight, sightsOf } from './names.ts';

const INTRO = `# What m0 says

Every message and dialog, in Slack at the left and in Teams at the right: on a desk and on a phone of 390 pixels, some
in the dark, and with what a button asks. Slack is the local chat page that \`npm start\` brings; Teams is Microsoft's
own local client, into which m0's Teams side posted each card (its dark is the colours of Teams' dark theme: the client
has none). \`npm run cards\` takes the pictures anew and writes this page.
`;

const TITLE = { slack: 'Slack', teams: 'Teams' } as const;
const SEEN: Readonly<Record<Sight, string>> = {
  desk: 'on a desk',
  phone: 'on a phone',
  dark: 'in the dark',
  asks: 'asking',
};
const WIDE = 400;
const NARROW = 190;

function image(one: Exhibit, platform: Platform, sight: Sight): string {
  const width = sight === 'desk' || sight === 'dark' ? WIDE : NARROW;
  const alt = `${one.name} in ${TITLE[platform]}, ${SEEN[sight]}`;
  return `<img src="${fileOf(one, platform, sight)}" width="${width}" alt="${alt}">`;
}

function pictured(one: Exhibit): string {
  const platforms = (['slack', 'teams'] as const).filter((platform) => sightsOf(one, platform).length > 0);
  const heads = platforms.map((platform) => `<th>${TITLE[platform]}</th>`).join('');
  const cells = platforms.map((platform) => {
    const images = sightsOf(one, platform).map((sight) => image(one, platform, sight));
    return `<td valign="top">\n${images.join('\n')}\n</td>`;
  });
  return `### ${one.name}\n\n${one.says}\n\n<table>\n<tr>${heads}</tr>\n<tr>\n${cells.join('\n')}\n</tr>\n</table>\n`;
}

/** The page that shows all pictures, under the headings of the gallery. */
export function readme(gallery: Readonly<Record<string, readonly Exhibit[]>>): string {
  const sections = Object.entries(gallery).map(([heading, exhibits]) => {
    const shown = exhibits.filter((one) => one.unpictured !== true);
    return `## ${heading}\n\n${shown.map(pictured).join('\n')}`;
  });
  return [INTRO, ...sections].join('\n');
}
