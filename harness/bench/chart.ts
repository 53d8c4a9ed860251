import { formatNumber } from "./format_report.ts";
import type { BenchReport } from "./report.ts";
import type { Row } from "./row.ts";
import type { Figure } from "./statistics.ts";

/** In pixels of the drawing. */
const WIDTH = 760;
const LABEL_WIDTH = 230;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 16;
const ROW_HEIGHT = 26;
const PANEL_GAP = 22;
const TITLE_HEIGHT = 26;

/** Bars that share a scale. */
interface Panel {
  readonly title: string;
  readonly unit: Row["unit"];
  readonly bars: readonly Bar[];
}

interface Bar {
  readonly label: string;
  readonly value: Figure;
  /** Whether the function is measured, and not what it is compared with. */
  readonly isOurs: boolean;
}

/**
 * Draws the figures that users feel as bars, each with the middle half of its
 * rounds, as SVG. Readable on light and on dark pages.
 */
export function drawChart(report: BenchReport): string {
  let top = 8;
  const drawn = panelsOf(report).map((panel) => {
    const svg = drawPanel(panel, top);
    top += TITLE_HEIGHT + panel.bars.length * ROW_HEIGHT + PANEL_GAP;
    return svg;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" role="img" aria-label="Bars: throughput, time to the first answer, first logins and tokens of the function beside what it is compared with">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.other { fill: #8c959f }
.ours { fill: #1f6feb }
.spread { stroke: #24292f; stroke-width: 1.5; fill: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .spread { stroke: #e6edf3 }
}
</style>
${drawn.join("\n")}
</svg>
`;
}

function panelsOf(
  { throughput, coldStart, firstLogin, realToken }: BenchReport,
): Panel[] {
  const panels: Panel[] = [];
  if (throughput) {
    panels.push({
      title: "Requests a second, warm (longer is better)",
      unit: "/s",
      bars: throughput.rows.map(({ name, requestsPerSecond }) => ({
        label: LOAD_LABELS[name] ?? name,
        value: requestsPerSecond,
        isOurs: name === "info" || name === "warn",
      })),
    });
  }
  if (coldStart) {
    panels.push({
      title: "From the start of a process to its first answer, ms",
      unit: "ms",
      bars: coldStart.map(({ name, ms }) => ({
        label: name === "bare" ? "bare Deno.serve" : `function, ${name}`,
        value: ms,
        isOurs: name !== "bare",
      })),
    });
  }
  if (firstLogin) {
    const { firstMs, secondMs, warmMs } = firstLogin;
    panels.push({
      title: "Logins at a process that is up for a second, ms",
      unit: "ms",
      bars: [
        { label: "the first one", value: firstMs, isOurs: true },
        { label: "another organization", value: secondMs, isOurs: true },
        { label: "a known organization", value: warmMs, isOurs: true },
      ],
    });
  }
  if (realToken) {
    const { without, constant, withFunction } = realToken;
    panels.push({
      title: "A token of a real ZITADEL by client credentials, p50, ms",
      unit: "ms",
      bars: [
        { label: "nothing bound", value: without.p50Ms, isOurs: false },
        { label: "constant target", value: constant.p50Ms, isOurs: false },
        { label: "function", value: withFunction.p50Ms, isOurs: true },
      ],
    });
  }
  return panels;
}

const LOAD_LABELS: Readonly<Record<string, string>> = {
  bare: "bare Deno.serve",
  floor: "floor (HMAC, parse, look-up)",
  info: "function, LOG_LEVEL=info",
  warn: "function, LOG_LEVEL=warn",
};

function drawPanel({ title, unit, bars }: Panel, top: number): string {
  const most = Math.max(...bars.map(({ value }) => value.high));
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most;
  const lines = bars.map(({ label, value, isOurs }, index) => {
    const y = top + TITLE_HEIGHT + index * ROW_HEIGHT;
    const middle = y + BAR_HEIGHT / 2;
    const [low, median, high] = [value.low, value.median, value.high]
      .map((number) => LABEL_WIDTH + round(number * scale)) as [
        number,
        number,
        number,
      ];
    const end = Math.max(median, high) + 8;
    return `<text x="${LABEL_WIDTH - 10}" y="${
      middle + 4
    }" text-anchor="end">${label}</text>
<rect class="${isOurs ? "ours" : "other"}" x="${LABEL_WIDTH}" y="${y}" width="${
      round(median - LABEL_WIDTH)
    }" height="${BAR_HEIGHT}"/>
<path class="spread" d="M${low} ${middle}H${high}M${low} ${
      middle - 4
    }v8M${high} ${middle - 4}v8"/>
<text x="${end}" y="${middle + 4}">${formatNumber(value.median, unit)}</text>`;
  });
  return [
    `<text class="title" x="8" y="${top + 14}">${title}</text>`,
    ...lines,
  ].join("\n");
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
