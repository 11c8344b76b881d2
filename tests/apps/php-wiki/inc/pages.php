<?php
function page_file(string $name): string
{
    return __DIR__ . '/../pages/' . preg_replace('/[^a-z0-9_-]/', '', strtolower($name)) . '.txt';
}

function page_read(string $name): string
{
    $file = page_file($name);
    return is_file($file) ? file_get_contents($file) : '';
}

function page_write(string $name, string $text): void
{
    file_put_contents(page_file($name), $text, LOCK_EX);
}

function page_names(): array
{
    return array_map(fn ($file) => basename($file, '.txt'), glob(__DIR__ . '/../pages/*.txt'));
}
