/** Draws pictures as PNG. The libraries are loaded with the first picture: they take tens of megabytes. */
import { createRequire } from 'node:module';
import type { Picture } from '../messages/card.ts';
import type { DrawPicture } from '../ports/pictures.ts';
import { withPalette } from './palette-png.ts';
import { SIZE, trendOption } from './trend-chart.ts';

/** The picture as SVG. */
async function svgOf(picture: Picture): Promise<string> {
  const [{ init, use }, { BarChart }, { GridComponent, LegendComponent, TitleComponent }, { SVGRenderer }] =
    await Promise.all([
      import('echarts/core'),
      import('echarts/charts'),
      import('echarts/components'),
      import('echarts/renderers'),
    ]);
  use([BarChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  try {
    chart.setOption(trendOption(picture));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** The fonts of the picture: from a package, so that a picture looks the same on every machine. */
function fontFiles(): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  return ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}`));
}

/** Draws the picture with `scale` pixels for each of its logical ones. Rejects with the libraries' errors. */
export const drawPicture: DrawPicture = async (picture, scale) => {
  const [svg, { renderAsync }] = await Promise.all([svgOf(picture), import('@resvg/resvg-js')]);
  // Drawn in a thread of the library: the event loop goes on meanwhile.
  const image = await renderAsync(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: { loadSystemFonts: false, fontFiles: [...fontFiles()], defaultFontFamily: 'DejaVu Sans' },
    background: '#ffffff',
  });
  const { width, height, pixels } = image;
  return withPalette({ width, height, pixels });
};
