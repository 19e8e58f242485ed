import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What is read and dropped of a body that nobody wanted, in bytes and milliseconds (HTTP-16). */
const DROPPED = 4 * 1024 * 1024
const PATIENCE = 2_000

/** Milliseconds for one who has had its time and sends next to nothing (HTTP-15). */
export const NO_PATIENCE = 250

/**
 * Sends an answer before the request has come in whole. To close at once would reset the connection, and the client, still sending,
 * would lose the answer; so the answer goes out, what still comes is dropped, and only then the response ends and the connection with it.
 */
export function sendEarly(req: IncomingMessage, res: ServerResponse, body: string | Buffer | undefined, patience = PATIENCE): void {
  res.shouldKeepAlive = false
  res.setHeader('Connection', 'close')
  if (body === undefined) res.flushHeaders()
  else res.write(body)
  const end = patiently(req.socket, patience, () => res.end())
  if (req.socket.readableEnded) end()
  else req.once('end', end).once('close', end).resume()
}

/** The same for bytes that no response stands for, as what came was no request. */
export function sendRaw(socket: Socket, bytes: string, patience = PATIENCE): void {
  const end = patiently(socket, patience, () => socket.destroy())
  socket.once('end', end)
  // The sending half alone closes: what comes is read on.
  socket.end(bytes)
}

/** @returns ends it before its time; called again it does nothing. */
function patiently(socket: Socket, milliseconds: number, finish: () => void): () => void {
  const most = socket.bytesRead + DROPPED
  const watch = setInterval(() => socket.bytesRead > most && end(), PATIENCE / 20)
  const patience = setTimeout(end, milliseconds)
  socket.once('close', end)
  return end

  function end(): void {
    clearInterval(watch)
    clearTimeout(patience)
    socket.off('close', end)
    finish()
  }
}

export const isSocket = (stream: Duplex): stream is Socket => 'bytesRead' in stream
