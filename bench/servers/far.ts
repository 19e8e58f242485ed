/** Makes a database far: what is sent to it arrives so many milliseconds later. `far.ts TARGET-PORT MILLISECONDS`, on `PORT`. */
import { connect, createServer } from 'node:net'

const [target, delay] = process.argv.slice(2).map(Number)

createServer({ noDelay: true }, (near) => {
  const far = connect({ port: target ?? 0, host: '127.0.0.1', noDelay: true })
  // Timers of one length end in the order in which they began.
  near.on('data', (chunk) => setTimeout(() => far.writable && far.write(chunk), delay))
  far.pipe(near)
  near.on('close', () => far.destroy())
  far.on('close', () => near.destroy())
  for (const socket of [near, far]) socket.on('error', () => socket.destroy())
}).listen(Number(process.env['PORT']), '127.0.0.1', () => process.stdout.write('ready\n'))
