const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
const socket = new WebSocket(`${scheme}://${location.host}/_core/stream`)
socket.onmessage = (event) => document.querySelector('#answers').append(event.data + '\n')
