<?php
require 'inc/pages.php';

$name = $_GET['page'] ?? 'start';
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    page_write($name, $_POST['text']);
    header('Location: index.php?page=' . urlencode($name), true, 303);
    exit;
}
$text = htmlspecialchars(page_read($name));
?>
<!doctype html>
<title><?= htmlspecialchars($name) ?></title>
<link rel="stylesheet" href="style.css">
<h1><?= htmlspecialchars($name) ?></h1>
<p><?= nl2br($text) ?></p>
<form method="post">
  <textarea name="text"><?= $text ?></textarea>
  <button>Save</button>
</form>
<ul>
<?php foreach (page_names() as $other): ?>
  <li><a href="index.php?page=<?= $other ?>"><?= $other ?></a></li>
<?php endforeach ?>
</ul>
