#!/bin/busybox sh
# A program with libraries of its own beside it; the name by which it is called says which.
name=${0##*/}
case $name in
  qemu-nbd) home=/nbd program=qemu-nbd applet= ;;
  lvm) home=/lvm program=lvm applet= ;;
  *) home=/lvm program=lvm applet=$name ;;
esac
export LVM_SUPPRESS_FD_WARNINGS=1
libraries=$home/lib/x86_64-linux-gnu
# shellcheck disable=SC2086
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$home/usr/sbin/$program" $applet "$@"
