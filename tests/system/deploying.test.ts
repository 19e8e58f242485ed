import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { parse } from 'yaml'
import { SECRETS, SETTINGS } from '../../src/config/table.ts'
import { decodeSettings } from '../../src/config.ts'
import { runOn, superuserUrl } from '../databases.ts'
import { cleanUp, type Environment, freshDirectory, ROOT, run, start, startServer } from './process.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Of the `Dockerfile`, its last stage. */
const IMAGE =
  read('Dockerfile')
    .split(/^FROM /m)
    .at(-1) ?? ''
const instruction = (name: string): string => new RegExp(`^(?:${name}|HEALTHCHECK .*? ${name}) (.+)$`, 'm').exec(IMAGE)?.[1] ?? ''
const COMMAND: readonly [string, ...string[]] = JSON.parse(/^CMD (\[.*\])$/m.exec(IMAGE)?.[1] ?? '[]')
const HEALTH: readonly [string, ...string[]] = JSON.parse(/^HEALTHCHECK .*? CMD (\[.*\])$/m.exec(IMAGE)?.[1] ?? '[]')
const ENV: Environment = Object.fromEntries(
  instruction('ENV')
    .split(' ')
    .map((one) => one.split('=')),
)
const TOKENS = { AUTH_SECRET: 'q'.repeat(32), AUTH_AUDIENCE: 'taskward' }

/** Whom nothing here belongs to. */
const NOBODY = 65_534
const IS_ROOT = process.getuid?.() === 0

const unpacked: string[] = []
const makeWritable = (place: string) => execFileSync('chmod', ['-R', 'u+w', place])

/** What the image holds: the files that are copied into it, and the packages of production, none of which its user may write. */
function unpack(): string {
  const place = join(freshDirectory(), 'taskward')
  for (const [, from] of IMAGE.matchAll(/^COPY (?!--)(.+)$/gm)) {
    const paths = (from ?? '').split(' ').slice(0, -1)
    for (const path of paths) cpSync(join(ROOT, path), join(place, path), { recursive: true })
  }
  // Copied from where it may not be written, perhaps.
  makeWritable(place)
  const packages: Readonly<Record<string, { readonly dev?: boolean }>> = JSON.parse(read('package-lock.json')).packages
  for (const [path, { dev = false }] of Object.entries(packages)) {
    if (dev || !/^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path)) continue
    mkdirSync(dirname(join(place, path)), { recursive: true })
    symlinkSync(join(ROOT, path), join(place, path))
  }
  chmodSync(dirname(place), 0o755)
  for (const path of ['', ...readdirSync(place, { recursive: true, encoding: 'utf8' })])
    if (!path.startsWith('node_modules')) chmodSync(join(place, path), path.endsWith('.ts') ? 0o444 : 0o555)
  unpacked.push(place)
  return place
}

/** In that place, as a user who owns nothing of it. */
const within = (place: string, command: readonly string[]): [string, ...string[]] => {
  const user = IS_ROOT ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
  return ['sh', '-c', 'cd "$0" && exec "$@"', place, ...user, ...command]
}

function dataDirectory(): string {
  const directory = freshDirectory()
  if (IS_ROOT) chownSync(directory, NOBODY, NOBODY)
  return directory
}

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => probe.once('listening', listening))
  const address = probe.address()
  await new Promise((closed) => probe.close(closed))
  return String(typeof address === 'object' ? address?.port : '')
}

const MANIFESTS = readdirSync(join(ROOT, 'deploy/kubernetes')).map((name) => parse(read(`deploy/kubernetes/${name}`)))
const manifest = (kind: string) => MANIFESTS.find((one) => one.kind === kind)
const { spec: POD } = manifest('Deployment').spec.template
const COMPOSE = parse(read('compose.yaml')).services

describe('deploying', function () {
  this.timeout(120_000)
  afterEach(async () => {
    // Whoever is not root removes nothing from a folder that may not be written.
    for (const place of unpacked.splice(0)) makeWritable(place)
    await cleanUp()
  })

  it('DEPLOY-01 DEPLOY-02 serves from the image’s files by its command, as its health check says, and ends with 0', async () => {
    expect([COMMAND[0], HEALTH[0], instruction('USER')]).to.deep.equal(['node', 'node', 'node'])
    expect(read('Dockerfile').match(/^FROM node:\S+/gm)).to.deep.equal(
      Array(2).fill(`FROM node:${JSON.parse(read('package.json')).devDependencies.node}-trixie-slim`),
    )
    const place = unpack()
    const settings = { ...ENV, ...TOKENS, HOST: '127.0.0.1', PORT: await freePort(), DATA_DIR: dataDirectory(), LOG_LEVEL: 'warn' }
    const migrated = await run(within(place, ['node', 'src/cli/migrate.ts']), settings)
    expect([migrated.code, migrated.stderr]).to.deep.equal([0, ''])
    const server = await startServer(settings, within(place, COMMAND))
    const pages = ['/api/docs', '/api/openapi.json', '/api/problems/not-found', '/api/health/ready']
    expect(await Promise.all(pages.map(async (page) => (await fetch(server.url + page)).status))).to.deep.equal([200, 200, 200, 200])
    expect((await run(within(place, HEALTH), settings)).code).to.equal(0)
    server.signal('SIGTERM')
    const { code, stderr } = await server.ended
    expect([code, stderr]).to.deep.equal([0, ''])
    expect((await run(within(place, HEALTH), settings)).code).to.equal(1)
    expect(readdirSync(place).sort()).to.deep.equal(['LICENSE', 'node_modules', 'package.json', 'specs', 'src'])
    expect((await start(within(place, ['touch', 'src/written'])).ended).code).to.not.equal(0)
  })

  it('DEPLOY-03 names settings that there are, with values that are good', () => {
    const names = new Set([...Object.keys(SETTINGS), ...SECRETS.map((name) => `${name}_FILE`)])
    const filled = (text: string): string =>
      text.replace(
        /\$\{(\w+):[?-]([^}]*)\}/g,
        (_, name: string, rest: string) => ({ DATABASE_PASSWORD: 'abc', BETTER_AUTH_URL: 'https://app.example.com' })[name] ?? rest,
      )
    const composed = Object.entries<string>(COMPOSE.taskward.environment).map(([name, value]) => [name, filled(value)])
    const data: Environment = manifest('ConfigMap').data
    const containers = [...POD.initContainers, ...POD.containers].map(({ env }) =>
      Object.fromEntries(env.map(({ name, value }: { name: string; value: string }) => [name, value])),
    )
    const environments = [Object.fromEntries(composed), ...containers.map((env) => ({ ...data, ...env }))]
    expect(environments).to.have.length(3)
    for (const environment of environments) {
      expect(Object.keys(environment).filter((name) => !names.has(name))).to.deep.equal([])
      const secret = (path: string): string => (path.endsWith('token') ? 'figures' : 'postgres://taskward:abc@db/taskward')
      expect(decodeSettings({ ...ENV, ...environment }, secret)).to.include({ ok: true })
    }
  })

  it('DEPLOY-04 makes a role that production takes', async () => {
    const superuser = await superuserUrl()
    const sql = /<<'SQL'\n([\s\S]*)\nSQL\n/.exec(read('deploy/compose/role.sh'))?.[1] ?? ''
    try {
      for (const line of sql.split('\n')) await runOn(superuser, line.replace(":'password'", `'abc'`))
      const DATABASE_URL = superuser.replace(/\/\/.*@/, '//taskward:abc@').replace(/\/postgres$/, '/taskward')
      await startServer({ ...ENV, ...TOKENS, HOST: '127.0.0.1', PORT: '0', DATABASE_URL })
    } finally {
      await cleanUp()
      await runOn(superuser, 'drop database if exists taskward')
      await runOn(superuser, 'drop role if exists taskward')
    }
  })

  it('DEPLOY-05 gives each container limits and as few rights as it needs, and the one that serves probes and time', () => {
    expect(POD.securityContext).to.include({ runAsNonRoot: true })
    const containers = [...POD.initContainers, ...POD.containers]
    expect(containers).to.have.length(2)
    for (const { resources, securityContext } of containers) {
      expect(resources.limits.memory).to.match(/^\d+Mi$/)
      expect(resources.requests).to.have.keys('cpu', 'memory')
      expect(securityContext).to.deep.equal({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } })
    }
    const [serving] = POD.containers
    const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => serving[probe].httpGet.path)
    expect(paths).to.deep.equal(['/api/health/live', '/api/health/live', '/api/health/ready'])
    const grace = Number(manifest('ConfigMap').data.SHUTDOWN_GRACE)
    expect(POD.terminationGracePeriodSeconds).to.be.greaterThan(grace + serving.lifecycle.preStop.sleep.seconds + 5)
    const { labels } = manifest('Deployment').spec.template.metadata
    for (const kind of ['PodDisruptionBudget', 'Deployment']) expect(manifest(kind).spec.selector.matchLabels).to.deep.equal(labels)
    expect(manifest('Service').spec.selector).to.deep.equal(labels)
    expect(manifest('PodDisruptionBudget').spec.minAvailable).to.be.lessThan(manifest('Deployment').spec.replicas)
    expect(manifest('Kustomization').resources.sort()).to.deep.equal(
      readdirSync(join(ROOT, 'deploy/kubernetes'))
        .filter((name) => name !== 'kustomization.yaml')
        .sort(),
    )
    expect(COMPOSE.taskward).to.deep.include({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
  })
})
