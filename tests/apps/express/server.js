const express = require('express')

const app = express()
app.get('/', (_, answer) => answer.send('Hello from Express\n'))
app.listen(process.env.PORT, process.env.BIND_ADDRESS)
