<?php
// Sessions in the cache: each process adds a line to the same session and prints all of them.
// Usage: php -d session.save_handler=memcached -d session.save_path=127.0.0.1:PORT \
//            [-d memcached.sess_binary_protocol=0] session.php SESSION_ID LINE

session_id($argv[1]);
session_start();
$_SESSION['lines'][] = $argv[2];
session_write_close();
echo json_encode($_SESSION['lines']), "\n";
