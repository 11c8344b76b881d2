mkdir -p ~/.dashboard/

echo "\
[server]
headless = true
port = $PORT
" > ~/.dashboard/config.ini
