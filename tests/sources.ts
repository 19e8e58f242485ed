import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The top of the project, with a separator at its end. */
const ROOT = join(import.meta.dirname, '..')

/** A file of the project: its path from the top with forward slashes, and what it holds. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Every file of a folder whose name ends so, those of its folders included where the folder is not the project itself, in the order of their paths. */
export const filesBelow = (folder: string, ...endings: readonly string[]): readonly SourceFile[] =>
  readdirSync(join(ROOT, folder), { recursive: folder !== '.', withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort()
    .map(file)

export function file(path: string): SourceFile {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') }
}

const TOKEN = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g

/** The text without its comments, line by line as it was. */
export const withoutComments = (text: string): string => text.replace(TOKEN, (token) => (token.startsWith('/') ? token.replace(/[^\n]/g, '') : token))

/** The text without its comments and with its strings emptied: what is left is code. */
export const codeOf = (text: string): string => withoutComments(text).replace(TOKEN, (token) => (token.startsWith('`') ? token : token.slice(0, 1).repeat(2)))

const IMPORT =
  /\b(?:import|export)\s+(?:type\s+)?(?:[\w*{][^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\b(?:import|import\.meta\.resolve|require)\s*\(\s*['"`]([^'"`$]+)/g

/** What a file imports, as it is written there: static, dynamic and resolved. */
export const importsOf = (text: string): readonly string[] => [...withoutComments(text).matchAll(IMPORT)].map(([, named, called]) => named ?? called ?? '')
