import { Client, type ClientConfig } from 'pg'
import { type Session, statement } from './session.ts'

/** The one channel: which owner is meant stands in the text. */
const CHANNEL = 'taskward_changes'
/** Milliseconds between two tries to get the connection back. */
const PAUSE = 1_000

const NOTIFY = statement('notify', `select pg_notify('${CHANNEL}', $text::text)::text`)

/** Tells every process that listens, after whatever it tells of was committed. @throws {Unavailable} */
export const notify = async (session: Session, text: string): Promise<void> => void (await session.run(NOTIFY, { text }))

export interface Listening {
  stop(): void
}

/**
 * Hears what is told, on a connection of its own, which is got back whenever it is lost. What is told meanwhile is not heard; and behind a
 * pooler of transactions nothing ever is, which nobody says.
 */
export function listen(config: ClientConfig, hear: (text: string) => void, warn: (what: string) => void): Listening {
  let client: Client | undefined
  let retrying: NodeJS.Timeout | undefined
  let stopped = false
  void connect()

  async function connect(): Promise<void> {
    const connecting = new Client(config)
    client = connecting
    let isLost = false
    const lose = (what: string): void => {
      if (isLost || stopped) return
      isLost = true
      warn(`the connection that hears of changes was lost: ${what}`)
      close(connecting)
      retrying = setTimeout(() => void connect(), PAUSE).unref()
    }
    connecting.on('error', ({ message }) => lose(message))
    connecting.on('end', () => lose('closed'))
    connecting.on('notification', ({ payload = '' }) => hear(payload))
    try {
      await connecting.connect()
      await connecting.query(`listen ${CHANNEL}`)
    } catch (fault) {
      lose(fault instanceof Error ? fault.message : typeof fault)
    }
    if (stopped) close(connecting)
  }

  function close(which: Client | undefined): void {
    which?.end().catch(({ message }: Error) => warn(`the connection that hears of changes did not close: ${message}`))
  }

  return {
    stop() {
      stopped = true
      clearTimeout(retrying)
      close(client)
    },
  }
}
