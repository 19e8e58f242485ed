/** Charts as SVG: no script, no font of its own, readable on light and on dark. */

const [WIDTH, HEIGHT] = [860, 420]
const BOX = { left: 78, top: 52, right: WIDTH - 24, bottom: HEIGHT - 76 }
const COLOURS = ['#8a8f98', '#0b6e4f', '#d1783c', '#3f6fb5', '#a03e6d', '#b59a1f', '#5d4a9c']

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const colour = (n: number): string => COLOURS[n % COLOURS.length] ?? '#000000'
const label = (x: number, y: number, text: string, more = ''): string => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(text)}</text>`
const middle = 'text-anchor="middle"'
const rule = (y: number, text: string): string =>
  `<path d="M${BOX.left} ${y.toFixed(1)}H${BOX.right}" stroke="#d9dce1"/>${label(BOX.left - 8, y + 4, text, 'text-anchor="end"')}`

export const short = (value: number): string =>
  value >= 1e6 ? `${+(value / 1e6).toPrecision(3)} M` : value >= 10_000 ? `${+(value / 1_000).toPrecision(3)} k` : `${+value.toPrecision(3)}`

/** Steps of 1, 2 or 5 times a power of ten, about five of them. */
function ticksTo(most: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(most / 5))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => most / one <= 6) ?? power
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, n) => n * step)
}

function framed(title: string, axis: string, across: string, names: readonly string[], inner: readonly string[]): string {
  const legend = names.map((name, n) => {
    const x = BOX.left + n * ((BOX.right - BOX.left) / Math.max(4, names.length))
    return `<rect x="${x.toFixed(1)}" y="${HEIGHT - 24}" width="12" height="12" fill="${colour(n)}"/>${label(x + 17, HEIGHT - 14, name)}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${label(BOX.left, 22, title, 'font-size="16" font-weight="600"')}
${label(BOX.left, 41, axis, 'fill="#57606a"')}
${label((BOX.left + BOX.right) / 2, BOX.bottom + 40, across, `${middle} fill="#57606a"`)}
${[...inner, ...legend].join('\n')}
</svg>
`
}

export interface Bars {
  readonly title: string
  /** What the bars' height is, with its unit. */
  readonly axis: string
  readonly groups: readonly string[]
  /** A value for each group; NaN: none. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[]
}

export function bars({ title, axis, groups, series }: Bars): string {
  const ticks = ticksTo(Math.max(...series.flatMap(({ values }) => values.filter(Number.isFinite))))
  const most = ticks.at(-1) ?? 1
  const y = (value: number): number => BOX.bottom - ((BOX.bottom - BOX.top) * value) / most
  const wide = (BOX.right - BOX.left) / groups.length
  const bar = (wide * 0.86) / series.length
  const drawn = groups.flatMap((group, g) => [
    label(BOX.left + wide * (g + 0.5), BOX.bottom + 18, group, middle),
    ...series.map(({ values }, s) => {
      const value = values[g] ?? Number.NaN
      if (!Number.isFinite(value)) return ''
      const x = BOX.left + wide * (g + 0.07) + bar * s
      const above = label(x + bar / 2, y(value) - 4, short(+value.toPrecision(2)), `${middle} font-size="${series.length > 4 ? 8 : 10}"`)
      return `<rect x="${x.toFixed(1)}" y="${y(value).toFixed(1)}" width="${(bar * 0.9).toFixed(1)}" height="${(BOX.bottom - y(value)).toFixed(1)}" fill="${colour(s)}"/>${above}`
    }),
  ])
  const names = series.map(({ name }) => name)
  return framed(title, axis, '', names, [...ticks.map((tick) => rule(y(tick), short(tick))), ...drawn])
}

export interface Lines {
  readonly title: string
  readonly axis: string
  readonly across: string
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[]
  /** Across, equal factors are equally far apart. */
  readonly byFactors?: boolean
}

export function lines({ title, axis, across, series, byFactors = true }: Lines): string {
  const points = series.flatMap((one) => one.points)
  const ticks = ticksTo(Math.max(...points.map(([, y]) => y)))
  const most = ticks.at(-1) ?? 1
  const scale = byFactors ? Math.log : (value: number): number => value
  const stops = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b)
  const [low, high] = [scale(stops[0] ?? 1), scale(stops.at(-1) ?? 2)]
  const x = (value: number): number => BOX.left + 20 + ((BOX.right - BOX.left - 40) * (scale(value) - low)) / (high - low || 1)
  const y = (value: number): number => BOX.bottom - ((BOX.bottom - BOX.top) * value) / most
  const shown = byFactors ? stops : stops.filter((_, n) => n % Math.ceil(stops.length / 8) === 0)
  const drawn = series.flatMap(({ points }, s) => [
    `<path d="M${points.map(([at, value]) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}" fill="none" stroke="${colour(s)}" stroke-width="2.5"/>`,
    ...points.map(([at, value]) => `<circle cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3.5" fill="${colour(s)}"/>`),
  ])
  const below = shown.map((stop) => label(x(stop), BOX.bottom + 18, short(stop), middle))
  const names = series.map(({ name }) => name)
  return framed(title, axis, across, names, [...ticks.map((tick) => rule(y(tick), short(tick))), ...below, ...drawn])
}
