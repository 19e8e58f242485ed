// Mocha 12 names these files `.cjs`, and the runner asks for them without an ending.
require.extensions['.cjs'] = require.extensions['.js']
