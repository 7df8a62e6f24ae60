import type { Exhibit } from '../support/gallery/exhibit.ts';

/** The pictures there are of an exhibit, by file name. */
export function picturesOf(one: Exhibit): readonly string[] {
  if (one.unpictured === true) return [];
  const { name } = one;
  return [
    `${name}.png`,
    `${name}.phone.png`,
    ...(one.dark === true ? [`${name}.dark.png`] : []),
    ...(one.asks === undefined ? [] : [`${name}.asks.png`]),
  ];
}

const INTRO = `# What m0 says

Every message and dialog, as the local chat page shows it on a desk and on a phone of 390 pixels. \`npm run cards\`
takes the pictures anew from the golden files in \`test/render\` and writes this page.
`;

function pictured(one: Exhibit): string {
  const images = picturesOf(one).map((file) => {
    const width = file === `${one.name}.png` || file === `${one.name}.dark.png` ? 480 : 240;
    return `<img src="${file}" width="${width}" alt="${one.name}">`;
  });
  return `### ${one.name}\n\n${one.says}\n\n${images.join('\n')}\n`;
}

/** The page that shows all pictures, under the headings of the gallery. */
export function readme(gallery: Readonly<Record<string, readonly Exhibit[]>>): string {
  const sections = Object.entries(gallery).map(([heading, exhibits]) => {
    const shown = exhibits.filter((one) => one.unpictured !== true);
    return `## ${heading}\n\n${shown.map(pictured).join('\n')}`;
  });
  return [INTRO, ...sections].join('\n');
}
