// Read by whatever Node there is, before the first file of TypeScript: so plain JavaScript, and no syntax younger than Node 12.
// `npm start` loads it ahead of main.ts, because a Node that cannot read TypeScript fails before any line in there.
const wanted = 26

if (Number(process.versions.node.split('.')[0]) < wanted) {
  process.stderr.write(`cannot start: Taskward needs Node ${wanted} or later and this is ${process.versions.node}; npm install brings one for npm start\n`)
  process.exit(1)
}
