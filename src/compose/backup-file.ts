import { once } from 'node:events'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { CannotStart } from '../config/cannot-start.ts'

/** Standard output and input. */
const STANDARD = '-'

type Write = (text: string) => Promise<void>

/** Has its name once it is whole (BACKUP-03); until then its name ends in `.part`. @throws {CannotStart} where a file of that name is there */
export async function writeFile(name: string, produce: (write: Write) => Promise<void>): Promise<void> {
  if (name === STANDARD) return produce(writeTo(process.stdout))
  if (existsSync(name)) throw new CannotStart(['FILE is there already, and a backup takes no file’s place'])
  const part = `${name}.part`
  try {
    await fill(part, name.endsWith('.gz'), produce)
    await rename(part, name)
  } catch (fault) {
    await rm(part, { force: true })
    throw fault
  }
}

/** On the disk when it resolves, not only on its way there. */
async function fill(part: string, isPacked: boolean, produce: (write: Write) => Promise<void>): Promise<void> {
  const file = createWriteStream(part, { mode: 0o600, flush: true })
  await once(file, 'open').catch(unusable)
  const target = isPacked ? createGzip() : new PassThrough()
  const produced = produce(writeTo(target)).then(
    () => target.end(),
    (fault) => {
      target.destroy(fault)
      throw fault
    },
  )
  await Promise.all([produced, pipeline(target, file)])
}

const writeTo =
  (target: Writable): Write =>
  async (text) => {
    if (target.destroyed) throw target.errored ?? new Error('the file was closed')
    if (!target.write(text)) await once(target, 'drain')
  }

const unusable = (fault: unknown): never => {
  const code = fault instanceof Error && 'code' in fault ? fault.code : 'unknown'
  throw new CannotStart([`FILE cannot be opened (${code})`], fault)
}

/**
 * The lines of a file without their ends, which are `\n` alone: U+2028 is text like any other. Reading throws where it is no UTF-8 or no whole gzip.
 * @throws {CannotStart} where it cannot be opened
 */
export async function linesOf(name: string): Promise<AsyncIterator<string>> {
  if (name === STANDARD) return split(process.stdin)
  const file = createReadStream(name)
  await once(file, 'open').catch(unusable)
  if (!name.endsWith('.gz')) return split(file)
  const unpacked = createGunzip()
  file.on('error', (fault) => unpacked.destroy(fault)).pipe(unpacked)
  return split(unpacked)
}

async function* split(source: Readable): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest = ''
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
  return undefined
}
