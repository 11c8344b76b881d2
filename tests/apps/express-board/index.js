const fs = require('fs')
const path = require('path')
const express = require('express')

const file = path.join(__dirname, 'db.json')
const load = () => (fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [])
const save = (messages) => {
  fs.writeFileSync(file + '.tmp', JSON.stringify(messages))
  fs.renameSync(file + '.tmp', file)
}
const escape = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(express.static('public'))

app.get('/', (req, res) => {
  const items = load().map((message) => `<li>${escape(message)}</li>`)
  res.send(`<!doctype html>
<title>Board</title>
<link rel="stylesheet" href="/style.css">
<h1>Board</h1>
<ul>${items.join('')}</ul>
<form method="post" action="/messages"><input name="message"><button>Post</button></form>
`)
})

app.post('/messages', (req, res) => {
  save([...load(), req.body.message])
  res.redirect('/')
})

const port = process.env.PORT || 3000
app.listen(port, () => console.log(`Board is listening on ${port}`))
