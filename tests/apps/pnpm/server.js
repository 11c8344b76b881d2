const { createColors } = require('picocolors')
const { createServer } = require('http')

const { bold } = createColors(false)
createServer((_, answer) => answer.end(bold('Hello from pnpm\n'))).listen(process.env.PORT, process.env.BIND_ADDRESS)
