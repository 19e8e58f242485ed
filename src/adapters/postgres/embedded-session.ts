import { messages, type PGlite, protocol } from '@electric-sql/pglite'
import { told } from './faults.ts'
import { inOrder, inTurn, type Parameter, type Row, type Runner, type Session, type Statement, type Values } from './session.ts'

const { serialize } = protocol

/** Speaks the protocol itself, so that a named statement is parsed and planned once: that is two thirds of what it costs. */
export class EmbeddedSession implements Session {
  readonly #pglite: PGlite
  readonly #prepared = new Set<string>()

  constructor(pglite: PGlite) {
    this.#pglite = pglite
  }

  async run(statement: Statement, values: Values): Promise<readonly Row[]> {
    try {
      return await this.#pglite.runExclusive(() => this.#execute(statement, inOrder(statement, values)))
    } catch (fault) {
      throw told(fault)
    }
  }

  async transaction<T>(work: (within: Runner) => Promise<T>, isKept: (result: T) => boolean): Promise<T> {
    const command = (text: string) => this.#execute({ name: undefined, text, parameters: [] }, [])
    try {
      return await this.#pglite.runExclusive(async () => {
        await command('begin')
        try {
          const result = await work({ run: inTurn((statement, values) => this.#execute(statement, inOrder(statement, values))) })
          await command(isKept(result) ? 'commit' : 'rollback')
          return result
        } catch (fault) {
          await command('rollback')
          throw fault
        }
      })
    } catch (fault) {
      throw told(fault)
    }
  }

  isDistributed = (): boolean => false

  async #execute({ name = '', text }: Statement, values: readonly Parameter[]): Promise<readonly Row[]> {
    if (!this.#prepared.has(name)) await this.#send(serialize.parse({ name, text }))
    if (name !== '') this.#prepared.add(name)
    const answers = await this.#send(serialize.bind({ statement: name, values: values.map(asText) }), serialize.execute({}))
    return answers.flatMap((message) => (message instanceof messages.DataRowMessage ? [message.fields] : []))
  }

  /** What it is told with one `Sync` at the end is a transaction: all of it or nothing. */
  async #send(...parts: readonly Uint8Array[]): Promise<readonly messages.BackendMessage[]> {
    return (await this.#pglite.execProtocol(Buffer.concat([...parts, serialize.sync()]))).messages
  }
}

/** As PostgreSQL reads it from text: `{"a","b"}` for a list. */
const asText = (value: Parameter): string | null =>
  value === null || typeof value === 'string'
    ? value
    : typeof value === 'number'
      ? String(value)
      : `{${value.map((one) => `"${one.replaceAll(/["\\]/g, '\\$&')}"`).join()}}`
