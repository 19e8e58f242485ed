import { readFileSync } from 'node:fs'

/** A page for each section of specs/api/problems.md, by slug (DOC-03). Read once, at the start. */
export function loadProblemPages(): ReadonlyMap<string, string> {
  const [, ...sections] = readFileSync(new URL('../../../specs/api/problems.md', import.meta.url), 'utf8').split(/^## /m)
  return new Map(sections.map((section) => pageOf(section.trim().split(/\n{2,}/))))
}

function pageOf([slug = '', title = '', ...paragraphs]: readonly string[]): [slug: string, page: string] {
  const text = paragraphs.map((paragraph) => `<p>${inline(paragraph)}</p>`).join('\n')
  return [slug, `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${escaped(title)}</title>\n<h1>${escaped(title)}</h1>\n${text}\n`]
}

/** All that the sections use of Markdown is code. */
const inline = (text: string): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>')

const escaped = (text: string): string => text.replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`)
