#!/bin/busybox sh
# A program with libraries of its own beside it; the name by which it is called says which.
name=${0##*/}
called=
case $name in
  qemu-nbd) home=/nbd program=qemu-nbd applet= ;;
  zfs | zpool | zvol_id | cp | find | mv | readlink | rm | stat | sync) home=/zfs program=$name applet= ;;
  # It starts itself anew for every connection, by the name that it was called with.
  sshd*) home=/sshd program=$name applet= called="--argv0 /usr/sbin/$name" ;;
  lvm) home=/lvm program=lvm applet= ;;
  *) home=/lvm program=lvm applet=$name ;;
esac
export LVM_SUPPRESS_FD_WARNINGS=1
libraries=$home/lib/x86_64-linux-gnu
# shellcheck disable=SC2086
exec "$libraries/ld-linux-x86-64.so.2" $called --library-path "$libraries" "$home/usr/sbin/$program" $applet "$@"
