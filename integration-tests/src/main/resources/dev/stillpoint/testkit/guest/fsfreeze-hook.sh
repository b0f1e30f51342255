#!/bin/busybox sh
# The freeze hook of the test guest, used only when the configuration asks for it. It keeps a log,
# and a test may put a hook of its own at /run/hook.
echo "$1" >> /run/hook.log
[ ! -x /run/hook ] || /run/hook "$1"
