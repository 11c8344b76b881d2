<?php echo 'Hello from PHP, release ', getenv('PIKU_RELEASE'), "\n";
